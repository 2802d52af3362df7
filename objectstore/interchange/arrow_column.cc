#include "arrow_column.h"

#include "../../base/error.h"

namespace manta {
namespace {

std::string text_of(const std::string& name) {
  return name.empty() ? "the array" : "column \"" + name.substr(0, 100) + "\"";
}

bool is_floating(char letter) {
  return std::string_view("efgw").find(letter) != std::string_view::npos;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 30;
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < kMost; ++i) {
    list.append(i == 0 ? "\"" : ", \"").append(names[i].substr(0, 100)).append("\"");
  }
  return names.size() > kMost ? list + ", ..." : list;
}

}  // namespace

ArrowColumn::ArrowColumn(detail::ArrowField field, std::vector<detail::ArrowChunk> chunks) {
  const std::size_t size = count_rows(chunks);
  data_ = std::make_shared<const Data>(Data{std::move(field), std::move(chunks), size});
}

std::size_t ArrowColumn::count_rows(Chunks chunks) {
  std::size_t rows = 0;
  for (const detail::ArrowChunk& chunk : chunks) {
    if (__builtin_add_overflow(rows, chunk.length, &rows)) {
      detail::refuse_arrow("the table", "it has more rows than memory has places");
    }
  }
  return rows;
}

std::size_t ArrowColumn::null_count() const {
  check_type(data_->field.letter);
  std::size_t nulls = 0;
  for (const detail::ArrowChunk& chunk : data_->chunks) nulls += chunk.nulls;
  return nulls;
}

Array<bool> ArrowColumn::read_mask(Chunks chunks) {
  auto mask = uninitialized<bool>(count_rows(chunks));
  detail::copy_arrow_mask(chunks, mask.data());
  return std::move(mask).freeze();
}

void ArrowColumn::check_type(char letter) const {
  const detail::ArrowField& field = data_->field;
  if (field.letter == 0) {
    detail::refuse_arrow(text_of(field.name),
                         "it holds " + field.type +
                             ", which no Array can hold: convert it to numbers "
                             "in the library that it is from");
  }
  if (field.letter != letter) {
    detail::refuse_arrow(text_of(field.name),
                         "it holds " + field.type + ": ask for " +
                             std::string(detail::arrow_cpp_type(field.letter)) + ", not for " +
                             std::string(detail::arrow_cpp_type(letter)));
  }
}

void ArrowColumn::check(char letter, ArrowNulls nulls) const {
  check_type(letter);
  const std::size_t count = null_count();
  if (count == 0 || (nulls == ArrowNulls::as_nan && is_floating(letter))) return;
  const std::string t = "<" + std::string(detail::arrow_cpp_type(letter)) + ">";
  detail::refuse_arrow(
      text_of(name()),
      std::to_string(count) + " of its " + std::to_string(size()) + " rows are null" +
          (is_floating(letter) ? ": as" + t + "(ArrowNulls::as_nan) gives NaN for them, masked" +
                                     t + "() a mask beside the values"
                               : ", and no " + type() + " is NaN: masked" + t +
                                     "() gives a mask beside the values") +
          "; or fill them in the library that it is from");
}

std::vector<std::string> ArrowTable::names() const {
  std::vector<std::string> names;
  for (const ArrowColumn& column : columns_) names.push_back(column.name());
  return names;
}

const ArrowColumn& ArrowTable::column(std::string_view name) const {
  const ArrowColumn* found = nullptr;
  for (const ArrowColumn& column : columns_) {
    if (column.name() != name) continue;
    if (found != nullptr) {
      throw InvalidArgument("ArrowTable: several columns are named \"" + std::string(name) +
                            "\": take the one you mean from columns()");
    }
    found = &column;
  }
  if (found == nullptr) {
    throw InvalidArgument("ArrowTable: no column is named \"" + std::string(name) +
                          "\"; there are: " + listed(names()));
  }
  return *found;
}

}  // namespace manta
