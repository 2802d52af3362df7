// Manta runs C++ functions and objects across processes: the one header to include.
//
//   auto session = manta::init();
//   manta::ObjectRef<double> m = manta::remote(mean)(data);
//   std::cout << manta::get(m);
//
// api/session.h           init, Session           api/remote.h    remote functions
// launch/on_start.h       OnStart                 api/capture.h   closures: capture, plain
// api/actor.h             actors                  api/named.h     named, remote_named: other programs
// api/get.h               put, get, wait, free    api/outcome.h   try_get, get_each
// api/as_completed.h      results as they finish  api/cluster.h   cluster, this_task, this_actor
// api/cancel.h            cancel                  api/generator.h, api/ref_stream.h  Generator, ObjectRefStream
// ownership/object_ref.h  references              api/logger.h    log lines
// options/options.h       all options             launch/run_if_worker.h  Manta in a library, such as a Python module
// ../base/error.h         errors
// ../objectstore/array.h  arrays                  ../serialization/...    serialize, customize
// ../objectstore/interchange/npy.h, npz.h         arrays in files of numpy
//
// What includes more than most programs need lies beside it: <manta/parallel.h> (map, map_reduce, parallel_for),
// <manta/asio.h> (async_get), <manta/objectstore/arrow.h> and dlpack.h, <manta/serialization/pickle.h>.
//
// Threads: each header says which of its functions may be called from which threads; most from any.
#pragma once
#include "../base/error.h"
#include "../base/id.h"
#include "../base/timeout.h"
#include "../objectstore/array.h"
#include "../objectstore/interchange/npy.h"
#include "../objectstore/interchange/npz.h"
#include "../serialization/bytes.h"
#include "../serialization/inspect.h"
#include "../serialization/register.h"
#include "../serialization/types/customize.h"
#include "../serialization/types/observer.h"
#include "api/actor.h"
#include "api/actor_handle.h"
#include "api/actor_names.h"
#include "api/as_completed.h"
#include "api/cancel.h"
#include "api/capture.h"
#include "api/cluster.h"
#include "api/erased_function.h"
#include "api/explain_get.h"
#include "api/explain_named.h"
#include "api/explain_remote.h"
#include "api/generator.h"
#include "api/get.h"
#include "api/inspect_callable.h"
#include "api/logger.h"
#include "api/named.h"
#include "api/outcome.h"
#include "api/ref_stream.h"
#include "api/remote.h"
#include "api/remote_function.h"
#include "api/session.h"
#include "launch/on_start.h"
#include "launch/run_if_worker.h"
#include "options/options.h"
#include "ownership/object_ref.h"
#include "worker/exceptions.h"
