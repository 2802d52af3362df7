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
#include <manta/base/error.h>
#include <manta/base/id.h>
#include <manta/base/timeout.h>
#include <manta/objectstore/array.h>
#include <manta/objectstore/npy.h>
#include <manta/objectstore/npz.h>
#include <manta/runtime/actor.h>
#include <manta/runtime/as_completed.h>
#include <manta/runtime/capture.h>
#include <manta/runtime/cluster.h>
#include <manta/runtime/exceptions.h>
#include <manta/runtime/explain_get.h>
#include <manta/runtime/explain_named.h>
#include <manta/runtime/explain_remote.h>
#include <manta/runtime/get.h>
#include <manta/runtime/logger.h>
#include <manta/runtime/named.h>
#include <manta/runtime/object_ref.h>
#include <manta/runtime/on_start.h>
#include <manta/runtime/options.h>
#include <manta/runtime/outcome.h>
#include <manta/runtime/remote.h>
#include <manta/runtime/session.h>
#include <manta/serialization/bytes.h>
#include <manta/serialization/customize.h>
#include <manta/serialization/inspect.h>
#include <manta/serialization/observer.h>
#include <manta/serialization/register.h>
