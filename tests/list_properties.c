/* SPDX-License-Identifier: MIT */
/* Prints the library's table of properties: name, type, values, default and "live" or "new" in a line, with tabs between them. */
#include <inttypes.h>
#include <lariat/property.h>
#include <stdio.h>

static const char *type_name(enum lariat_property_type type)
{
    switch (type) {
    case LARIAT_PROPERTY_INTEGER: return "integer";
    case LARIAT_PROPERTY_DURATION: return "duration";
    case LARIAT_PROPERTY_BOOL: return "bool";
    case LARIAT_PROPERTY_CHOICE: return "choice";
    case LARIAT_PROPERTY_CPUS: return "cpus";
    }
    return "?";
}

static void print_values(const struct lariat_property_info *info)
{
    switch (info->type) {
    case LARIAT_PROPERTY_INTEGER:
    case LARIAT_PROPERTY_DURATION: printf("%" PRId64 " to %" PRId64, info->min, info->max); break;
    case LARIAT_PROPERTY_BOOL: fputs("on off", stdout); break;
    case LARIAT_PROPERTY_CHOICE: fputs(info->choices, stdout); break;
    case LARIAT_PROPERTY_CPUS: fputs("list", stdout); break;
    }
}

int main(void)
{
    const struct lariat_property_info *info;

    for (unsigned i = 0; (info = lariat_property_at(i)); i++) {
        printf("%s\t%s\t", info->name, type_name(info->type));
        print_values(info);
        printf("\t%s\t%s\n", info->default_value, info->live ? "live" : "new");
    }
    return 0;
}
