/* The progress baton (rpc/progress.h): who serves a process's rings, and who is rung.
 *
 *   scripts/check_models        checks it exhaustively, for CI --full
 *   // pan: -m1000000 -DMEMLIM=6000 -DCOLLAPSE
 *
 * Two user threads each submit a call to their process's own queue, kick, and wait for the answer. Another thread may
 * take the call out of the queue before the kick, so that nobody finds it pending; a poll sends it all the same.
 * Peers answer what was sent to them; one more sends something that nobody waits for. A peer rings
 * only if the bell's state says that its owner sleeps. Checked: in the end everything was served,
 * both waits have returned, the ring thread sleeps without a tick, and nobody holds the baton.
 *
 * Seen by peers: `state`, and the futex words `r_gen`, `u_gen`. One atomic word of the process (here
 * several variables, changed in one atomic step): held, kicked, coming, untimed, slept, line.
 * The mutex of the line is an atomic step here too. A step is sequentially consistent; that the code
 * may assume so is argued at its fences.
 * Four settings, a few seconds to half a minute each: this file, and those that include it. They found
 * that the ring thread's copy of r_gen belongs into the word (without: -DFULL or SUBMITTERS with
 * `slept_moved` not compared; a leaver then trusts a ring thread that has gone to sleep again).
 * Left out: deadlines of the holder (it leaves as if satisfied), wake_all, busy; deadlines of those in
 * line are only in -DFULL. The stress tests (rpc/progress_concurrent_test.cc) have them all. */
#define AWAKE 0
#define WATCHED 1
#define R_PARKED 2
#define U_PARKED 3
#define PENDING (msg[0] || msg[1] || msg[2] || queue[0] || queue[1])
#define ANYONE (line[0] || line[1])
#define ROUNDS 1               /* before a leaver calls the ring thread */

#if defined(FULL)              /* all of it: more than a hundred million states, never finished */
#define THREADS run Kicker(0, true); run Kicker(1, true); run Peer(0); run Peer(1); run Peer(2)
#define BURST true
#define LATE true
#elif defined(SUBMITTERS)      /* one submits and waits, one only submits, and is not answered */
#define THREADS run Kicker(0, true); run Kicker(1, false); run Peer(0); returned = 1
#define BURST true
#define LATE false
#elif defined(ALONE)           /* one submits and waits; a message that nobody waits for comes */
#define THREADS run Kicker(0, true); run Peer(0); run Peer(2); returned = 1
#define BURST true
#define LATE false
#elif defined(BESIDE)          /* one waits for what another thread submits */
#define THREADS run U(0); run Kicker(0, false); run Peer(0); returned = 1
#define BURST true
#define LATE false
#else                          /* both wait for the answer to what they submitted before */
#define THREADS sent[0] = true; sent[1] = true; run U(0); run U(1); run Peer(0); run Peer(1)
#define BURST false
#define LATE false
#endif

byte state = R_PARKED, returned;
bool held, kicked, coming, untimed = true, line[2];
/* The futex words are counters in the code; what counts is only whether they were counted up since
 * somebody took a copy, so here each copy is a flag: cleared when taken, set by every bell. */
bool r_rung;                   /* r_gen != the ring thread's copy */
bool u_rung;                   /* u_gen != the copy of the holder that parks */
bool slept_rung;               /* r_gen != slept, the copy in the word: the ring thread will wake */
bool slept_moved;              /* slept != the copy of it in the word that the leaver has read */
#define RING_R atomic { r_rung = true; slept_rung = true }
#define ASLEEP slept_moved = (slept_moved || slept_rung); slept_rung = r_rung; untimed = true
byte sig[2];                   /* 0 none, 1 look again, 2 take the baton */
bool activity;                 /* a user thread took the baton since the ring thread last looked */
bool burst = BURST;            /* a leaver may once decide that the ring thread shall tick */
bool late = LATE;   /* a waiter in line of thread 1 may once give up and come again */
bool queue[2], taken[2], sent[2], msg[3], done[2];

inline bell() {                /* the push came before */
  if
  :: state == R_PARKED -> atomic { won = (state == R_PARKED); if :: won -> state = AWAKE :: else fi };
                          if :: won -> RING_R :: else fi
  :: state == U_PARKED -> atomic { won = (state == U_PARKED); if :: won -> state = AWAKE :: else fi };
                          if :: won -> u_rung = true :: else fi
  :: else
  fi;
  won = false
}

inline poll() {                /* by the holder; then wake_satisfied() */
  assert(held);
  kicked = false;
  d_step {                     /* a message that comes meanwhile comes before or after for each ring */
    if :: queue[0] -> queue[0] = false; sent[0] = true :: else fi;
    if :: queue[1] -> queue[1] = false; sent[1] = true :: else fi;
    if :: taken[0] -> taken[0] = false; sent[0] = true :: else fi;
    if :: taken[1] -> taken[1] = false; sent[1] = true :: else fi;
    if :: msg[0] -> msg[0] = false; done[0] = true :: else fi;
    if :: msg[1] -> msg[1] = false; done[1] = true :: else fi;
    msg[2] = false
  };
  atomic {
    if :: line[0] && done[0] -> line[0] = false; sig[0] = 1 :: else fi;
    if :: line[1] && done[1] -> line[1] = false; sig[1] = 1 :: else fi
  }
}

inline user_thread_has_it() {
  d_step { got = false; activity = true; if :: state >= R_PARKED -> state = AWAKE :: else fi }
}

inline hand_on(sleeps) {       /* ok: the baton is free and a waiter comes for it */
  atomic {
    ok = ANYONE && !kicked;
    if
    :: ok -> held = false; coming = true;
             if :: sleeps -> ASLEEP :: else fi;
             if :: line[0] -> line[0] = false; sig[0] = 2
                :: line[1] -> line[1] = false; sig[1] = 2 fi
    :: else
    fi
  }
}

proctype Peer(byte m) { bool won;
  if :: m < 2 -> sent[m] :: else fi;
  msg[m] = true;
  bell()
}

proctype R() { bool ok, hot, got;
again:
  r_rung = false;               /* g = r_gen */
  atomic { hot = activity; activity = false };
take:
  atomic { got = !held; if :: got -> held = true :: else fi };
  if
  :: got && hot -> goto watch
  :: got && !hot -> goto park
  :: !got && hot -> untimed = false; goto tick
  :: else -> atomic { ok = held; if :: ok -> ASLEEP :: else fi };
             if :: ok -> goto sleep :: else -> goto take fi
  fi;

watch:                         /* leave_watched() */
  poll();
  if :: kicked -> poll() :: else fi;
  untimed = false;
  if :: ANYONE && !coming -> hand_on(false); if :: ok -> goto tick :: else -> goto watch fi
     :: else fi;
  state = WATCHED;
  atomic { ok = !kicked && !(ANYONE && !coming); if :: ok -> held = false :: else fi };
  if :: ok -> goto tick :: else -> goto watch fi;

park:                          /* leave_parked() */
  state = AWAKE;
  poll();
  if :: kicked -> poll() :: else fi;
  if :: ANYONE && !coming -> hand_on(true); if :: ok -> goto sleep :: else -> goto park fi
     :: else fi;
  state = R_PARKED;            /* full fence */
  if :: PENDING -> goto park :: else fi;
  atomic { ok = !kicked && !(ANYONE && !coming);
           if :: ok -> held = false; ASLEEP :: else fi };
  if :: ok -> goto sleep :: else -> goto park fi;

tick:
  atomic { ok = false; hot = false; got = false };
  goto again;                  /* the time is up, at any time */
sleep:
  atomic { ok = false; hot = false; got = false };
end_sleep:
  r_rung;                      /* futex_wait(&r_gen, g) */
  goto again
}

/* leave() */
inline leave() {
  round = 0;
l1:
  if :: kicked -> poll(); if :: round < ROUNDS -> round++; goto l1 :: else fi
     :: else fi;
  atomic { ok = kicked; co = coming; un = untimed; slept_moved = false; ln = ANYONE };
  if :: ok -> goto l1 :: else fi;
  if :: ln && !co -> hand_on(false); if :: ok -> goto left :: else -> goto l1 fi :: else fi;
  watched = false;
  if
  :: co
  :: !co && !un -> watched = true
  :: !co && un ->
       if :: round >= ROUNDS -> RING_R
          :: round < ROUNDS && burst -> burst = false; RING_R
          :: round < ROUNDS fi;
       watched = slept_rung
  fi;
  if :: watched -> state = WATCHED :: !watched && !co -> state = R_PARKED :: else fi;
  atomic { ok = (!kicked && co == coming && un == untimed && !slept_moved && ln == ANYONE);
           if :: ok -> held = false; if :: watched -> untimed = false :: else fi :: else fi };
  if
  :: !ok -> if :: !co && !watched -> state = AWAKE :: else fi; goto l1
  :: else
  fi;
  if :: co || watched -> goto left :: else fi;
  if                           /* full fence; after the release */
  :: state == AWAKE || PENDING ->
       atomic { ok = !held; if :: ok -> held = true :: else fi };
       if :: ok -> state = AWAKE; poll(); if :: round < ROUNDS -> round++ :: else fi; goto l1
          :: else fi
  :: else
  fi;
left:
  atomic { ok = false; co = false; un = false; ln = false; watched = false; round = 0 }
}

proctype Kicker(byte i; bool waits) { byte round; bool ok, co, un, ln, watched, won, got;
  if :: queue[i] = true :: taken[i] = true fi;
  atomic { got = !held; if :: got -> held = true :: else -> kicked = true fi };
  if
  :: !got -> bell()
  :: else -> user_thread_has_it();
             poll();
             leave()
  fi;
  if :: waits -> run U(i) :: else fi
}

proctype U(byte i) { byte round; bool ok, co, un, ln, watched, got, mine;
  if :: done[i] -> goto out :: else fi;
take:                          /* take_or_get_in_line() */
  atomic { got = !held;
           if :: got -> held = true :: else -> line[i] = true; sig[i] = 0 fi;
           if :: mine -> coming = false; mine = false :: else fi };
  if :: got -> goto serve :: else fi;
in_line:
  if
  :: sig[i] != 0
  :: sig[i] == 0 && done[i] -> atomic { ok = (sig[i] == 0); if :: ok -> line[i] = false :: else fi };
                               if :: ok -> goto out :: else fi
  :: sig[i] == 0 && !done[i] ->
       if
       :: sig[i] != 0          /* futex_wait(&sig[i], 0) */
       :: i == 1 && late -> atomic { late = false; ok = (sig[i] == 0); if :: ok -> line[i] = false :: else fi };
                     if :: ok -> goto take :: else fi
       fi
  fi;
  if :: sig[i] == 2 -> mine = true; goto take
     :: else -> if :: done[i] -> goto out :: else -> goto take fi fi;

serve:
  user_thread_has_it();
serving:
  poll();
  if
  :: done[i] -> goto leaving
  :: else -> u_rung = false;   /* g = u_gen */
             state = U_PARKED; /* full fence */
             if :: kicked || PENDING || done[i] :: else -> u_rung fi;  /* futex_wait(&u_gen, g) */
             state = AWAKE;
             goto serving
  fi;
leaving:
  leave();
out:
  returned++
}

init {
  atomic { run R(); THREADS };
end_all:
  timeout -> assert(returned == 2 && !PENDING && !taken[0] && !taken[1] && !held && untimed && !coming && !ANYONE &&
                    state == R_PARKED)
}
