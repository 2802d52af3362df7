// Manta runs C++ functions and objects across processes: the one header to include.
//
//   auto session = manta::init();
//   manta::ObjectRef<double> m = manta::remote(mean)(data);
//   std::cout << manta::get(m);
//
// session.h    init, Session, OnStart            remote.h   remote functions
// actor.h      actors                            capture.h  closures: capture, plain
// get.h        put, get, wait, free              named.h    named, remote_named: other programs
// outcome.h    try_get, get_each                 as_completed.h  results as they finish
// object_ref.h references                        cluster.h  cluster, this_task, this_actor
// options.h    all options                       logger.h   log lines
// <manta/objectstore/array.h>  arrays            <manta/serialization/...>  serialize, customise
// <manta/base/error.h>         errors
#pragma once
#include "../base/error.h"
#include "../base/id.h"
#include "../base/timeout.h"
#include "../objectstore/array.h"
#include "../objectstore/npy.h"
#include "../objectstore/npz.h"
#include "../serialization/bytes.h"
#include "../serialization/customize.h"
#include "../serialization/inspect.h"
#include "../serialization/observer.h"
#include "../serialization/register.h"
#include "api/actor.h"
#include "api/actor_handle.h"
#include "api/as_completed.h"
#include "api/capture.h"
#include "api/cluster.h"
#include "api/erased_function.h"
#include "api/explain_get.h"
#include "api/explain_named.h"
#include "api/explain_remote.h"
#include "api/get.h"
#include "api/logger.h"
#include "api/named.h"
#include "api/outcome.h"
#include "api/remote.h"
#include "api/remote_function.h"
#include "api/session.h"
#include "launch/on_start.h"
#include "options/options.h"
#include "ownership/object_ref.h"
#include "worker/exceptions.h"
