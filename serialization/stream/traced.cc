#include "traced.h"

#include <span>

#include "trace.h"

namespace manta::serialization {

Traced::Traced(Writer& writer, std::string_view name, std::string_view type)
    : writer_(writer), buffers_(writer.out_.buffers.size()) {
  writer.member_trace()->begin(name, type, writer.position());
}

Traced::~Traced() {
  const Encoded& out = writer_.out_;
  writer_.member_trace()->end(std::span(out.meta).first(writer_.position()),
                              out.buffers.size() - buffers_);
}

}  // namespace manta::serialization
