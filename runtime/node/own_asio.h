// Asio under a name of our own. A program that is linked with Manta may use another version of Asio, whose functions
// have the same names and other insides; the linker would take one of the two for both.
//
// No other file here includes Asio.
#pragma once
#define asio manta_asio
#define asio_signal_handler manta_asio_signal_handler
#define asio_detail_posix_thread_function manta_asio_detail_posix_thread_function
#include <asio/buffer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#undef asio
#undef asio_signal_handler
#undef asio_detail_posix_thread_function

namespace manta::detail {
namespace asio = ::manta_asio;
}
