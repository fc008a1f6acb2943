/* SPDX-License-Identifier: MIT */
#include "request.h"

#include <errno.h>

#include "wire.h"

bool request_parse(const uint8_t *bytes, struct nbd_request *request)
{
    if (load_be32(bytes) != NBD_REQUEST_MAGIC)
        return false;
    request->flags = load_be16(bytes + 4);
    request->type = load_be16(bytes + 6);
    request->cookie = load_be64(bytes + 8);
    request->offset = load_be64(bytes + 16);
    request->length = load_be32(bytes + 24);
    return true;
}

/* The flags that a command may carry. FUA means nothing where nothing is written, and is let through as the protocol asks. */
static unsigned flags_allowed(const struct nbd_request *request, const struct agreement *agreement)
{
    unsigned allowed = agreement->flags & NBD_FLAG_SEND_FUA ? NBD_CMD_FLAG_FUA : 0;

    switch (request->type) {
    case NBD_CMD_READ: return allowed | (agreement->flags & NBD_FLAG_SEND_DF ? NBD_CMD_FLAG_DF : 0);
    case NBD_CMD_WRITE_ZEROES:
        return allowed | NBD_CMD_FLAG_NO_HOLE | (agreement->flags & NBD_FLAG_SEND_FAST_ZERO ? NBD_CMD_FLAG_FAST_ZERO : 0);
    case NBD_CMD_BLOCK_STATUS: return allowed | NBD_CMD_FLAG_REQ_ONE;
    default: return allowed;
    }
}

static bool is_within(const struct nbd_request *request, const struct agreement *agreement)
{
    return request->length > 0 && request->offset <= agreement->size_bytes &&
           request->length <= agreement->size_bytes - request->offset;
}

static enum nbd_error check_change(const struct nbd_request *request, const struct agreement *agreement,
                                   unsigned needed_flag)
{
    if (agreement->flags & NBD_FLAG_READ_ONLY)
        return NBD_EPERM;
    if (needed_flag && !(agreement->flags & needed_flag))
        return NBD_EINVAL;
    if (request->type != NBD_CMD_TRIM && request->length && !is_within(request, agreement))
        return NBD_ENOSPC;
    return is_within(request, agreement) ? NBD_SUCCESS : NBD_EINVAL;
}

enum nbd_error request_check(const struct nbd_request *request, const struct agreement *agreement)
{
    if (request->flags & ~flags_allowed(request, agreement))
        return NBD_EINVAL;
    switch (request->type) {
    case NBD_CMD_READ:
        if (request->length > NBD_LENGTH_MAX)
            return request->flags & NBD_CMD_FLAG_DF ? NBD_EOVERFLOW : NBD_EINVAL;
        return is_within(request, agreement) ? NBD_SUCCESS : NBD_EINVAL;
    case NBD_CMD_WRITE: return check_change(request, agreement, 0);
    case NBD_CMD_TRIM: return check_change(request, agreement, NBD_FLAG_SEND_TRIM);
    case NBD_CMD_WRITE_ZEROES: return check_change(request, agreement, NBD_FLAG_SEND_WRITE_ZEROES);
    case NBD_CMD_FLUSH:
        return agreement->flags & NBD_FLAG_SEND_FLUSH && !request->offset && !request->length ? NBD_SUCCESS : NBD_EINVAL;
    case NBD_CMD_CACHE:
        return agreement->flags & NBD_FLAG_SEND_CACHE && is_within(request, agreement) ? NBD_SUCCESS : NBD_EINVAL;
    case NBD_CMD_BLOCK_STATUS: return agreement->allocation && is_within(request, agreement) ? NBD_SUCCESS : NBD_EINVAL;
    default: return NBD_EINVAL;
    }
}

bool request_is_structured(const struct nbd_request *request, const struct agreement *agreement)
{
    return agreement->structured && (request->type == NBD_CMD_READ || request->type == NBD_CMD_BLOCK_STATUS);
}

enum nbd_error nbd_error_of(int res)
{
    switch (-res) {
    case 0: return NBD_SUCCESS;
    case EPERM:
    case EACCES:
    case EROFS: return NBD_EPERM;
    case ENOMEM: return NBD_ENOMEM;
    case EINVAL: return NBD_EINVAL;
    case ENOSPC:
    case EFBIG:
    case EDQUOT: return NBD_ENOSPC;
    case EOPNOTSUPP: return NBD_ENOTSUP;
    case ESHUTDOWN: return NBD_ESHUTDOWN;
    default: return NBD_EIO;
    }
}
