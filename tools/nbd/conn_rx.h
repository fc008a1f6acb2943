/* SPDX-License-Identifier: MIT */
#ifndef NBD_CONN_RX_H
#define NBD_CONN_RX_H

struct conn;

/* Do what can be done with what has come. */
void conn_rx_work(struct conn *conn);

/* Receive more, if there is room for it. */
void conn_rx_receive(struct conn *conn);

#endif
