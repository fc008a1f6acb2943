/* SPDX-License-Identifier: MIT */
/*
 * How threads hand BHs to a loop, wake it, and are turned away once it closes.
 *
 * run.sh runs this model in several sizes, which must pass, and with single
 * faults (-DMUTANT_...), each of which must fail for the reason it names.
 *
 *   here              in the library                one step of the model is
 *   notify_enter      lib/notify.h                  the fetch_add; the fetch_sub if refused
 *   notify_leave      lib/notify.h, lib/notify.c    the CAS that works; the write; the fetch_sub
 *   notify_raise      lib/notify.h                  the fetch_or
 *   notify_lower      lib/notify.h                  the load; the fetch_and, if still set
 *   notify_wait_idle  lib/notify.c                  the load that finds nobody inside
 *   notify_close      lib/notify.c                  the fetch_or; notify_wait_idle
 *   bh_push           lib/bh.c, push                the CAS that works
 *   bh_schedule       lib/bh.c, lariat_bh_schedule, push_new
 *                                                   enter; the fetch_or of S|P; push; leave
 *   bh_cancel         lib/bh.c, lariat_bh_cancel    the fetch_and of S
 *   bh_delete         lib/bh.c, lariat_bh_delete    the fetch_or of D; the free; loop_unref
 *   bh_take           lib/bh.c, take_slice          the exchange
 *   bh_run_slice      lib/bh.c                      per BH: the fetch_and; free; the callback
 *   bh_list_close     lib/bh.c                      notify_close; then comes the last slice
 *   loop_unref        lib/loop_life.c               the fetch_sub; notify_wait_idle; the free
 *   owner             lib/loop.c, lib/stop.c        sleep_until and a slice, again and again;
 *                                                   loop_drain; notify_exit
 *
 * Between two steps anything may run. That is enough for weaker machines than
 * this interleaving, as long as every RMW is acquire and release (the push
 * and the exchange of the list, which pair with each other: release, acquire).
 * All writes to these words are RMWs, apart from bh->next, which the push
 * publishes, so there is no store to be late. Whether to sleep rests on the
 * modification order of one word, notify_me. A producer's leave that comes
 * after the raise takes the bit. One that comes before it has been read by
 * the raise, itself or through later RMWs, so its push is seen by the owner's
 * second look. Likewise, an enter before CLOSING is waited for, and one after
 * it is told.
 * Where a mutant puts a plain store in place of an RMW, it gets the lost
 * update, or the store buffer, that this opens.
 *
 * The variables that must() names are never set: they give an assertion a
 * name in what the verifier prints, so that run.sh can tell why a run failed.
 */

/* ---- Sizes ------------------------------------------------------------ */

#ifndef NP
#define NP 2			/* producers: threads other than the owner */
#endif
#ifndef NS
#define NS 2			/* calls that each producer makes */
#endif
#ifndef CB_OPS
#define CB_OPS 1		/* calls that callbacks make, in all */
#endif
#ifndef STRAY
#define STRAY 1			/* sleeps ended by something else: I/O, a deadline */
#endif
/* ONESHOTS: each producer schedules NS one-shots of its own, in order.
 * Otherwise each call, a callback's too, picks either of two shared BHs and,
 * where allowed, any of schedule, cancel (CANCELS) and delete (DELETES).
 * SIGNAL: a signal handler schedules a BH, once, on the owner's thread.
 * EMBED: the application may close its loop between prepare and check. */
#ifdef ONESHOTS
#define NBH (NP * NS)
#else
#define NBH 2
#endif
/* CLOSED_IN_HEAD: the list head is exchanged for a mark instead of setting
 * CLOSING. A push is then refused, but only after P was set: somebody else
 * may have seen P, left it at that and returned 0. */

/* ---- The words of the protocol ---------------------------------------- */

#define ASLEEP 1
#define CLOSING 2
#define IN 4			/* one producer inside */
#define COUNT(v) ((v) >> 2)

byte notify_me;

#define S 1			/* scheduled */
#define P 2			/* pending: on the list, or claimed by who will push it */
#define D 4			/* deleted */
#define O 8			/* one-shot */

byte state[NBH];

#define NIL 255
#define CLOSED 254		/* only with CLOSED_IN_HEAD */

byte bh_head = NIL;
byte next[NBH] = NIL;

bool event;			/* the poll of the eventfd has a completion ready */
bool eventfd_closed;
bool loop_freed;
bool freed[NBH];

/* One for the owner and one for each BH, except for one-shots; with these one
 * for each producer, which the callback of its last one-shot gives back, so
 * that only the count keeps the loop for a producer still in notify_leave. */
#ifndef ONESHOTS
byte refs = 1 + NBH;
#else
#ifndef MUTANT_NO_COUNT
byte refs = 1 + NP;
#else
byte refs = 1 + NP + 1;		/* kept, so that only the eventfd is at stake */
#endif
#endif

/* ---- What is only there to be checked --------------------------------- */

byte inside;			/* producers between enter and leave */
byte writes_due;		/* raises neither answered by a write nor taken back */
bool last_taken;		/* the last slice is off the list */
byte owed[NBH];			/* a schedule that must still be followed by a run */
#ifdef CLOSED_IN_HEAD
#define owed_to(me) (1 << me)	/* there one may be refused when others were not */
#else
#define owed_to(me) 1
#endif
#ifdef ONESHOTS
bool ran[NBH];
#endif
bool first_called;
byte done;			/* producers that have finished, and signal handlers */
#ifdef SIGNAL
#define N_SIGNALS 1
bool interrupted;		/* the owner, by the handler */
#else
#define N_SIGNALS 0
#endif

/* The application's part of the contract: no call on a BH begins after its
 * deletion began, and a deletion does not begin while a schedule has yet to
 * set P or to be refused. From then on the protocol itself must cope. */
#ifdef DELETES
byte busy[NBH];
bool doomed[NBH];
#define may_call(b) !doomed[b]
#define calls(b) busy[b]++
#define calls_end(b) busy[b]--
#else
#define may_call(b) true
#define calls(b) skip
#define calls_end(b) skip
#endif

hidden byte lost_wake_up, lost_bh, count_wrong, waits_for_ever, too_many_writes;
hidden byte write_to_closed_eventfd, pushed_after_close, not_in_order;
hidden byte run_not_owed, deleted_but_run, freed_twice, never_freed;
hidden byte bh_used_after_free, loop_used_after_free;

#define must(what, reason) assert((what) || reason)
#define use_bh(b) must(!freed[b], bh_used_after_free)
#define use_loop() must(!loop_freed, loop_used_after_free)

/* ---- lib/notify.c ----------------------------------------------------- */

#ifdef MUTANT_RAISE_DELAYED
bool raise_buffered;		/* the owner's store buffer, one store long */
#define raised() (raise_buffered || (notify_me & ASLEEP))
#define drain() !raise_buffered	/* a locked instruction empties the buffer first */
#else
#define raised() (notify_me & ASLEEP)
#define drain() skip
#endif

#ifdef MUTANT_NO_COUNT
#define count_in() skip
#define count_out() skip
#else
#define count_in() notify_me = notify_me + IN; inside++
#define count_out() \
	must(COUNT(notify_me) == inside, count_wrong); notify_me = notify_me - IN; inside--
#endif

/* old & CLOSING: refused, and still to be counted out. */
inline notify_enter()
{
	d_step {
		use_loop();
		old = notify_me;
#ifndef MUTANT_CLOSE_TESTED_FIRST
		count_in()
#endif
	}
}

inline write_eventfd()
{
	d_step {
		must(!eventfd_closed, write_to_closed_eventfd);
		use_loop();
		must(writes_due > 0, too_many_writes);
		writes_due--;
		event = true
	}
}

/* A CAS that fails changes nothing, and one that works changes the value it
 * was told of, so load, retries and success amount to one RMW at the moment
 * of success. SPLIT_CAS takes none of that for granted: it is larger. */
#ifdef SPLIT_CAS
#define cas_works(word, seen) ((word) == (seen))
#else
#define cas_works(word, seen) true
#endif

/* Bit and count are one word, so the CAS that takes the bit cannot miss a
 * raise, and a producer that took it stays counted until it has written. */
inline notify_leave()
{
#ifdef SPLIT_CAS
	d_step { use_loop(); v = notify_me }
#endif
	do
#ifdef SPLIT_CAS
	:: d_step { notify_me != v -> use_loop(); v = notify_me }
#endif
	:: d_step {
		cas_works(notify_me, v) && !(notify_me & ASLEEP) ->
		use_loop();
		count_out();
		v = 0
	   }
	   break
	:: d_step {
		cas_works(notify_me, v) && (notify_me & ASLEEP) ->
		use_loop();
#ifndef MUTANT_BIT_NOT_TAKEN
		notify_me = notify_me & ~ASLEEP;
#endif
#ifdef MUTANT_LEAVE_BEFORE_WRITE
		count_out();
#endif
		v = 0
	   }
	   write_eventfd();
#ifndef MUTANT_LEAVE_BEFORE_WRITE
	   d_step { use_loop(); count_out() }
#endif
	   break
	od
}

inline notify_raise()
{
#ifdef MUTANT_RAISE_PLAIN
	v = notify_me;
	d_step { notify_me = v | ASLEEP; writes_due++; v = 0 }
#else
#ifdef MUTANT_RAISE_DELAYED
	raise_buffered = true
#else
	d_step { notify_me = notify_me | ASLEEP; writes_due++ }
#endif
#endif
}

inline notify_lower()
{
	if
	:: raised() ->
		drain();
		d_step {
			if
			:: (notify_me & ASLEEP) && writes_due > 0 -> writes_due--
			:: else
			fi;
			notify_me = notify_me & ~ASLEEP
		}
	:: else
	fi
}

/* The wait ends, because a producer that is inside waits for nothing. */
inline notify_wait_idle()
{
	if
	:: COUNT(notify_me) == 0
	:: timeout -> must(COUNT(notify_me) == inside, count_wrong); must(false, waits_for_ever)
	fi
}

inline notify_close()
{
	drain();
	notify_me = notify_me | CLOSING;
#ifndef MUTANT_CLOSE_DOES_NOT_WAIT
	notify_wait_idle()
#endif
}

/* ---- lib/loop_life.c --------------------------------------------------- */

inline loop_unref()
{
	d_step { use_loop(); refs--; last = (refs == 0) }
	if
	:: last ->
#ifndef MUTANT_FREED_AT_ONCE
		notify_wait_idle();
#endif
		d_step { use_loop(); loop_freed = true; last = false }
	:: else
	fi
}

/* ---- lib/bh.c ---------------------------------------------------------- */

/* h is left CLOSED if the push was refused, which only the mark can do. */
inline bh_push(b)
{
#ifdef SPLIT_CAS
	d_step { use_bh(b); use_loop(); h = bh_head; next[b] = h }
#endif
	do
#ifdef SPLIT_CAS
	:: d_step { bh_head != h -> use_bh(b); use_loop(); h = bh_head; next[b] = h }
#endif
#ifdef CLOSED_IN_HEAD
	:: d_step { bh_head == CLOSED -> h = CLOSED }
	   break
#endif
	:: d_step {
		cas_works(bh_head, h) && bh_head != CLOSED ->
		use_bh(b);
		use_loop();
		must(!last_taken, pushed_after_close);
		next[b] = bh_head;
		bh_head = b;
		h = 0
	   }
	   break
	od
}

/* To the pool, if it is a one-shot: to be used anew, which is all the same to
 * whoever still held it. */
inline bh_free(b)
{
	d_step { must(!freed[b], freed_twice); freed[b] = true; state[b] = 0 }
}

/* The owner itself, while it neither sleeps nor closes, need not be counted.
 * A signal handler on its thread may find the bit raised, or raised and then
 * taken by a producer, whose write then ends the sleep. */
#define SIGNALLED (NP + 1)
#define is_owner(me) (me == 0 || me == SIGNALLED)
#ifdef MUTANT_OWNER_IGNORES_SLEEP
#define owner_awake(me) (is_owner(me) && !(notify_me & CLOSING))
#else
#ifdef MUTANT_OWNER_IGNORES_CLOSE
#define owner_awake(me) (is_owner(me) && !raised())
#else
#define owner_awake(me) (is_owner(me) && !raised() && !(notify_me & CLOSING))
#endif
#endif

/* The first step of bh_schedule, made together with the choice of b. */
inline bh_schedule_enter(me, b)
{
	calls(b);
	if
	:: owner_awake(me)
	:: else -> counted = true; notify_enter()
	fi
}

/* A one-shot that was refused is its maker's again. */
inline bh_refused(b)
{
#ifdef ONESHOTS
	bh_free(b);
	if
	:: b % NS == NS - 1 -> loop_unref()
	:: else
	fi
#else
	skip
#endif
}

inline bh_schedule(me, b)
{
	/* bh_schedule_enter() went before */
#ifdef MUTANT_CLOSE_TESTED_FIRST
	d_step { use_loop(); count_in() }
#endif
	if
	:: counted && (old & CLOSING) ->
		calls_end(b);
		old = 0;
#ifdef MUTANT_REFUSED_LEAVES
		notify_leave();
#else
		d_step { use_loop(); count_out() }
#endif
		bh_refused(b)
	:: else ->
		d_step {
			use_bh(b);
			old = state[b];
#ifdef ONESHOTS
			state[b] = O | S | P;	/* made so */
#else
			state[b] = old | S | P;
#endif
			owed[b] = owed[b] | owed_to(me);
			calls_end(b)
		}
		if
		:: old & P -> old = 0
		:: else -> old = 0; bh_push(b)
		fi;
		if
		:: counted -> notify_leave()
		:: else
		fi;
#ifdef CLOSED_IN_HEAD
		if
		:: h == CLOSED ->
			d_step { owed[b] = owed[b] & ~owed_to(me); h = 0 }
			bh_refused(b)
		:: else
		fi;
#endif
	fi;
	counted = false
}

inline bh_cancel(b)
{
	d_step { use_bh(b); state[b] = state[b] & ~S; owed[b] = 0; calls_end(b) }
}

/* P tells who frees it: it is set as long as a slice will come to the BH. The
 * owner, once it has cleared P, touches nothing of the BH. */
inline bh_delete(b)
{
#ifdef MUTANT_DELETE_LOOKS_FIRST
	d_step { use_bh(b); old = state[b] }
	d_step { use_bh(b); state[b] = state[b] | D; owed[b] = 0 }
#else
	d_step { use_bh(b); old = state[b]; state[b] = old | D; owed[b] = 0 }
#endif
	if
#ifndef MUTANT_DELETE_FREES_ALWAYS
	:: old & P -> old = 0
#endif
	:: else -> old = 0; bh_free(b)
	fi;
	loop_unref()
}

inline bh_take()
{
	drain();
	d_step {
		slice = NIL;
		cur = bh_head;
		bh_head = NIL;
#ifdef CLOSED_IN_HEAD
		if
		:: closing -> bh_head = CLOSED; last_taken = true
		:: else
		fi;
#else
		last_taken = closing;
#endif
		/* P is set in each of them, so nobody else writes their links. */
#ifdef MUTANT_NOT_REVERSED
		slice = cur;
		cur = NIL;
#endif
		do
		:: cur == NIL -> break
		:: else ->
			use_bh(cur);
			h = next[cur];
			next[cur] = slice;
			slice = cur;
			cur = h
		od;
		cur = 0;
		h = 0
	}
}

inline run_is_due(b)
{
	must(!(state[b] & D), deleted_but_run);
	must(owed[b], run_not_owed);
	owed[b] = 0;
#ifdef ONESHOTS
	ran[b] = true;
	if
	:: b % NS != 0 -> must(ran[b - 1], not_in_order)
	:: else
	fi
#endif
}

#ifdef MUTANT_CANCEL_IGNORED
#define due_to_run() (!(old & D))
#else
#ifdef MUTANT_DELETE_IGNORED
#define due_to_run() (old & S)
#else
#define due_to_run() (!(old & D) && (old & S))
#endif
#endif

/* Read before the flags are cleared: the link, because the next schedule
 * writes it; the function and its argument, because a delete then frees the
 * BH. P keeps all three still until then, so reading them is no step of its
 * own. Afterwards nothing of the BH is touched. */
inline bh_run_slice()
{
	do
	:: slice == NIL -> break
	:: else ->
		d_step {
			cur = slice;
			use_bh(cur);
#ifndef MUTANT_LINK_READ_LATE
			slice = next[cur];
			next[cur] = NIL;
#endif
			old = state[cur];
#ifndef MUTANT_CLEARED_AFTER
			state[cur] = old & ~(S | P);
#endif
			if
			:: due_to_run() -> run_is_due(cur)
			:: else
			fi
		}
#ifdef MUTANT_LINK_READ_LATE
		d_step { use_bh(cur); slice = next[cur] }
#endif
#ifdef MUTANT_FUNCTION_READ_LATE
		use_bh(cur);
#endif
		if
		:: old & (D | O) -> bh_free(cur)
		:: else
		fi;
		if
		:: due_to_run() ->
			old = 0;
			callback();
#ifdef MUTANT_CLEARED_AFTER
			d_step { use_bh(cur); state[cur] = state[cur] & ~(S | P) }
#endif
		:: else
		fi;
		old = 0;
		cur = 0
	od
}

/* Closed between prepare and check, the loop keeps the bit raised for good.
 * That matters to nobody, because who is refused does not look at it. */
inline bh_list_close()
{
#ifdef EMBED
	if
	:: notify_raise()
	:: true
	fi;
#endif
#ifndef CLOSED_IN_HEAD
	notify_close();
#endif
	closing = true
}

#if defined(CLOSED_IN_HEAD) || defined(MUTANT_CLOSE_DOES_NOT_WAIT)
#define WAIT_AFTER_SLICE	/* or the eventfd would be at fault instead */
#endif

/* ---- The application --------------------------------------------------- */

mtype = { NONE, SCHEDULE, CANCEL, DELETE };

/* One call that may be made at this moment. Producers are alike and so are
 * the BHs: let the first call be by number 1, on number 0. */
inline pick_call(me, b)
{
	first_called || me == 1;
	if
	:: b = 0
	:: first_called -> b = 1
	fi;
	first_called = true;
	if
	:: may_call(b) -> call = SCHEDULE; bh_schedule_enter(me, b)
#ifdef CANCELS
	:: may_call(b) && me != SIGNALLED -> call = CANCEL; calls(b)
#endif
#ifdef DELETES
	:: may_call(b) && me != SIGNALLED && busy[b] == 0 -> call = DELETE; doomed[b] = true
	:: else -> call = NONE
#endif
	fi
}

inline make_call(me, b)
{
	atomic { pick_call(me, b) }
	if
	:: call == SCHEDULE -> bh_schedule(me, b)
#ifdef CANCELS
	:: call == CANCEL -> bh_cancel(b)
#endif
#ifdef DELETES
	:: call == DELETE -> bh_delete(b)
#endif
	:: call == NONE
	fi;
	call = NONE;
	b = 0
}

inline callback()
{
#ifdef ONESHOTS
	if
	:: cur % NS == NS - 1 -> loop_unref()
	:: else
	fi
#else
	if
	:: calls_left > 0 -> calls_left--; make_call(0, other)
	:: true
	fi
#endif
}

/* ---- The owner ---------------------------------------------------------- */

#ifdef MUTANT_LOOK_BEFORE_RAISE
#define looks_empty() true
#else
#define looks_empty() (bh_head == NIL)
#endif

inline sleep_if_nothing_to_do()
{
	if
	:: bh_head == NIL ->
		notify_raise();
		if
		:: looks_empty() ->
			if
			:: event -> event = false
			:: stray > 0 -> stray--
			:: timeout ->	/* for ever: so there had better be no work */
				d_step { must(bh_head == NIL, lost_wake_up); nothing_owed() }
			fi
		:: bh_head != NIL
		fi;
		notify_lower()
	:: true			/* the spin found a completion */
	fi;
	/* A completion of the eventfd may be reaped without having ended a
	 * sleep, or be left to end the next one. */
	if
	:: event -> event = false
	:: true
	fi
}

inline nothing_owed()
{
	for (cur : 0 .. NBH - 1) {
		must(owed[cur] == 0, lost_bh)
	}
	cur = 0
}

inline nothing_leaked()
{
	for (cur : 0 .. NBH - 1) {
#ifdef ONESHOTS
		must(freed[cur], never_freed)
#else
#ifdef DELETES
		must(freed[cur] == doomed[cur], never_freed)
#else
		must(!freed[cur], never_freed)
#endif
#endif
	}
	cur = 0;
	must(loop_freed == (refs == 0), never_freed)
}

active proctype owner()
#ifdef SIGNAL
	provided (!interrupted)
#endif
{
	byte cur, slice = NIL, old, v, h;
	byte stray = STRAY;
	bool closing, last;
#ifndef ONESHOTS
	byte other, calls_left = CB_OPS;
	bool counted;
	mtype call = NONE;
#endif

	do
	:: closing -> break
	:: else ->
		if
		:: sleep_if_nothing_to_do()
		:: bh_list_close()
		fi;
		bh_take();
		bh_run_slice()
	od;
#ifdef WAIT_AFTER_SLICE
	notify_wait_idle();
#endif
	eventfd_closed = true;
	loop_unref();

	done == NP + N_SIGNALS;
	d_step {
		nothing_owed();
		must(bh_head == NIL || bh_head == CLOSED, lost_bh);
		nothing_leaked();
		must(COUNT(notify_me) == 0 && inside == 0, count_wrong)
	}
}

active [NP] proctype producer()
{
	byte b, n, old, v, h;
	bool counted, last;
#ifndef ONESHOTS
	mtype call = NONE;
#endif

	do
	:: n == NS -> break
	:: else ->
#ifdef ONESHOTS
		atomic {
			first_called || _pid == 1;
			first_called = true;
			b = (_pid - 1) * NS + n;
			bh_schedule_enter(_pid, b)
		}
		bh_schedule(_pid, b);
#else
		make_call(_pid, b);
#endif
		n++
	od;
	done++
}

#ifdef SIGNAL
/* Whatever the owner was doing, it goes on with it only after this. */
active proctype signal_handler()
{
	byte b, old, v, h;
	bool counted, last;
	mtype call = NONE;

	atomic { first_called; interrupted = true }
	make_call(_pid, b);
	atomic { interrupted = false; done++ }
}
#endif

#ifdef MUTANT_RAISE_DELAYED
/* The bit as a byte of its own, so that only the delay is at fault. */
active proctype store_buffer()
{
end:	do
	:: d_step {
		raise_buffered ->
		raise_buffered = false;
		notify_me = notify_me | ASLEEP;
		writes_due++
	   }
	od
}
#endif
