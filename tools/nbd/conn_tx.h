/* SPDX-License-Identifier: MIT */
#ifndef NBD_CONN_TX_H
#define NBD_CONN_TX_H

struct conn;
struct worker;

/* Send what there is to send, unless something is being sent: it goes in one piece afterwards. */
void conn_tx_work(struct conn *conn);

/* Those that the worker has kept. */
void conn_tx_free_batches(struct worker *worker);

#endif
