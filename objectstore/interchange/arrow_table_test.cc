// Tables that come and go, by their structs alone; tests/interop does it with polars, pandas, duckdb and pyarrow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arrow_fixture.h"

namespace manta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ArrowTable, ColumnsOfAStreamComeByNameJoinedOrInChunks) {
  Foreign first({{"g", "price", 2, {nullptr, kPrices}}, {"tsn:UTC", "when", 2, {nullptr, kTimes}}});
  Foreign second(
      {{"g", "price", 2, {nullptr, kPrices + 2}}, {"tsn:UTC", "when", 2, {nullptr, kTimes + 2}}});
  ForeignStream foreign({&first, &second});
  released = 0;
  {
    std::vector<Array<double>> chunks;
    {
      const ArrowTable table = import_arrow_stream(&foreign.stream);
      EXPECT_EQ(released, 2);  // the schema and the stream
      EXPECT_EQ(table.rows(), 4u);
      EXPECT_THAT(table.names(), ElementsAre("price", "when"));
      EXPECT_EQ(table.column("when").type(), "timestamp in nanoseconds, UTC");
      EXPECT_THAT(table.get<double>("price").span(), ElementsAre(1.5, 2.5, 3.5, 4.5));
      EXPECT_THAT(table.get<std::int64_t>("when").span(), ElementsAre(10, 20, 30, 40));
      chunks = table.column("price").chunks<double>();
    }
    ASSERT_EQ(chunks.size(), 2u);
    EXPECT_EQ(chunks[0].data(), kPrices);  // no copy
    EXPECT_EQ(chunks[1].data(), kPrices + 2);
    chunks.pop_back();
    EXPECT_EQ(released, 3);
  }
  EXPECT_EQ(released, 4);
}

TEST(ArrowTable, ARunOfRowsInOnePlaceIsNotCopied) {
  Foreign only({{"g", "price", 4, {nullptr, kPrices}}});
  Foreign none({{"g", "price", 0, {nullptr, nullptr}}});
  ForeignStream foreign({&none, &only, &none});
  const auto price = import_arrow_stream(&foreign.stream).get<double>("price");
  EXPECT_EQ(price.data(), kPrices);
  EXPECT_EQ(price.size(), 4u);
}

TEST(ArrowTable, AStreamWithoutBatchesHasColumnsOfNoRows) {
  Foreign never({{"g", "price", 4, {nullptr, kPrices}}});
  ForeignStream foreign({&never});
  foreign.next = 1;
  const ArrowTable table = import_arrow_stream(&foreign.stream);
  EXPECT_EQ(table.rows(), 0u);
  EXPECT_EQ(table.get<double>("price").size(), 0u);
  EXPECT_THAT(refusal([&] { table.get<int>("price"); }), HasSubstr("float64"));
}

TEST(ArrowTable, OffsetAndNullsOfTheStructCountForItsColumns) {
  const std::uint8_t valid[] = {0b0110};  // of the struct: rows 1 and 2
  const std::uint8_t valid_price[] = {0b1011};
  Foreign foreign(
      {{"g", "price", 4, {valid_price, kPrices}, 1}, {"l", "when", 3, {nullptr, kTimes}, 0, 1}});
  foreign.batch.length = 2;
  foreign.batch.offset = 1;
  ArrowArray same = foreign.batch;
  ArrowSchema its = foreign.schema;
  {
    const ArrowTable table = import_arrow_table(&same, &its);
    EXPECT_EQ(table.rows(), 2u);
    EXPECT_THAT(table.get<std::int64_t>("when").span(), ElementsAre(30, 40));
    EXPECT_EQ(table.column("price").null_count(), 1u);
    EXPECT_THAT(table.column("price").masked<double>().mask.span(), ElementsAre(false, true));
  }
  foreign.validity[0] = valid;
  foreign.batch.null_count = -1;
  foreign.batch.offset = 0;
  foreign.batch.length = 3;
  const ArrowTable table = foreign.table();
  EXPECT_THAT(table.column("price").masked<double>().mask.span(), ElementsAre(true, false, true));
  EXPECT_EQ(table.column("when").null_count(), 1u);
}

TEST(ArrowTable, MissingAndDoubleNamesAreRefused) {
  Foreign foreign({{"g", "a", 4, {nullptr, kPrices}},
                   {"g", "b", 4, {nullptr, kPrices}},
                   {"g", "b", 4, {nullptr, kPrices}}});
  const ArrowTable table = foreign.table();
  EXPECT_THAT(refusal([&] { table.column("c"); }),
              HasSubstr("no column is named \"c\"; there are: \"a\", \"b\", \"b\""));
  EXPECT_THAT(refusal([&] { table.column("b"); }), HasSubstr("several columns are named \"b\""));
  EXPECT_EQ(table.columns()[2].as<double>().size(), 4u);
}

TEST(ArrowTable, AStreamOfPlainArraysIsATableOfOneColumn) {
  Foreign series({{"g", "x", 4, {nullptr, kPrices}}});
  series.schema = series.schemas[0];
  series.batch = series.arrays[0];
  ForeignStream foreign({&series});
  const ArrowTable table = import_arrow_stream(&foreign.stream);
  EXPECT_EQ(table.columns().size(), 1u);
  EXPECT_EQ(table.get<double>("x").data(), kPrices);
}

TEST(ArrowTable, WhatAStreamSaysOfItsFailureIsTold) {
  Foreign first({{"g", "price", 4, {nullptr, kPrices}}});
  ForeignStream foreign({&first, &first});
  foreign.fails_at = 1;
  released = 0;
  EXPECT_THAT(refusal([&] { import_arrow_stream(&foreign.stream); }),
              HasSubstr("get_next failed: the disk is on fire (error 5)"));
  EXPECT_EQ(released, 2);  // the first batch and the schema
  EXPECT_NE(foreign.stream.release, nullptr);
  foreign.stream.get_next = nullptr;
  EXPECT_THAT(refusal([&] { import_arrow_stream(&foreign.stream); }), HasSubstr("null pointer"));
  foreign.stream.release = nullptr;
  EXPECT_THAT(refusal([&] { import_arrow_stream(&foreign.stream); }),
              HasSubstr("released already"));
  EXPECT_THAT(refusal([] { import_arrow_stream(nullptr); }), HasSubstr("null pointer"));
}

// What a wrong struct is refused with. It stays the caller's.
template <class Change>
std::string refusal_of(Change change) {
  Foreign foreign({{"g", "price", 4, {nullptr, kPrices}}});
  change(foreign);
  released = 0;
  std::string why = refusal([&] { foreign.table(); });
  EXPECT_EQ(released, 0) << why;
  return why;
}

TEST(ArrowTable, StructsThatAreWrongAreRefusedAndStayTheCallers) {
  const auto refused = [](auto change) { return refusal_of(change); };
  EXPECT_THAT(refused([](Foreign& f) { f.columns[0].buffers[1] = nullptr; }),
              HasSubstr("data buffer is a null pointer"));
  EXPECT_THAT(refused([](Foreign& f) { f.arrays[0].buffers = nullptr; }),
              HasSubstr("list of buffers is a null pointer"));
  EXPECT_THAT(refused([](Foreign& f) { f.arrays[0].null_count = 2; }),
              HasSubstr("validity buffer is a null pointer"));
  EXPECT_THAT(refused([](Foreign& f) { f.arrays[0].null_count = -2; }),
              HasSubstr("count of nulls is negative"));
  EXPECT_THAT(refused([](Foreign& f) { f.arrays[0].n_buffers = 1; }),
              HasSubstr("it has 1 buffers, its type has 2"));
  EXPECT_THAT(refused([](Foreign& f) { f.arrays[0].length = -1; }), HasSubstr("negative"));
  EXPECT_THAT(refused([](Foreign& f) { f.arrays[0].length = 3; }),
              HasSubstr("has 3 rows, the table asks for those from 0 to 4"));
  EXPECT_THAT(refused([](Foreign& f) { f.arrays[0].offset = INT64_MAX; }),
              HasSubstr("larger than memory"));
  EXPECT_THAT(refused([](Foreign& f) { f.arrays[0].release = nullptr; }),
              HasSubstr("released already"));
  EXPECT_THAT(refused([](Foreign& f) { f.arrays[0].n_children = 1; }), HasSubstr("arrays inside"));
  EXPECT_THAT(refused([](Foreign& f) { f.array_pointers[0] = nullptr; }),
              HasSubstr("column 0 is a null pointer"));
  EXPECT_THAT(refused([](Foreign& f) { f.batch.n_buffers = 0; }),
              HasSubstr("it has 0 buffers, its type has 1"));
  EXPECT_THAT(refused([](Foreign& f) { f.batch.n_children = 2; }),
              HasSubstr("2 columns, its schema has 1"));
  EXPECT_THAT(refused([](Foreign& f) { f.batch.n_children = -1; }),
              HasSubstr("negative number of columns"));
  EXPECT_THAT(refused([](Foreign& f) { f.batch.children = nullptr; }),
              HasSubstr("list of columns is a null pointer"));
  EXPECT_THAT(refused([](Foreign& f) { f.batch.offset = INT64_MAX; }),
              HasSubstr("the table asks for"));
  EXPECT_THAT(refused([](Foreign& f) { f.schema.children = nullptr; }),
              HasSubstr("list of columns is a null pointer"));
  EXPECT_THAT(refused([](Foreign& f) { f.schema_pointers[0] = nullptr; }),
              HasSubstr("schema of column 0 is a null pointer"));
  EXPECT_THAT(refused([](Foreign& f) { f.schemas[0].format = nullptr; }),
              HasSubstr("format is a null pointer"));
  EXPECT_THAT(refused([](Foreign& f) { f.schemas[0].release = nullptr; }),
              HasSubstr("schema was released already"));
  EXPECT_THAT(refusal([] { import_arrow_table(nullptr, nullptr); }), HasSubstr("null pointer"));
  EXPECT_THAT(refusal([] { import_arrow<int>(nullptr, nullptr); }), HasSubstr("null pointer"));
}

TEST(ArrowExport, ATableGoesThereAndBack) {
  const Array<double> prices = array_from({1.5, 2.5, 3.5});
  const Array<bool> flags = array_from({true, false, true});
  const Array<float16> halves = full(3, float16(1.5f));
  const Array<bfloat16> brains = full(3, bfloat16(-2));
  const MaskedArray<int> sizes{array_from({1, 2, 3}), array_from({false, true, false})};
  ArrowArrayStream stream;
  export_arrow_stream(
      {{"price", prices}, {"flag", flags}, {"half", halves}, {"brain", brains}, {"size", sizes}},
      &stream);
  const ArrowTable table = import_arrow_stream(&stream);
  EXPECT_EQ(stream.release, nullptr);
  EXPECT_THAT(table.names(), ElementsAre("price", "flag", "half", "brain", "size"));
  EXPECT_EQ(table.get<double>("price"), prices);
  EXPECT_EQ(table.get<bool>("flag"), flags);
  EXPECT_EQ(table.get<float16>("half"), halves);
  EXPECT_EQ(table.get<bfloat16>("brain"), brains);
  const auto back = table.column("size").masked<int>();
  EXPECT_EQ(back.values, sizes.values);
  EXPECT_EQ(back.mask, sizes.mask);
}

TEST(ArrowExport, AColumnMayBeMovedOutOfItsTable) {
  const Array<double> prices = array_from({1.5, 2.5});
  ArrowArrayStream stream;
  export_arrow_stream({{"price", prices}, {"size", prices}}, &stream);
  ArrowSchema schema;
  ArrowArray batch;
  ASSERT_EQ(stream.get_schema(&stream, &schema), 0);
  ASSERT_EQ(stream.get_next(&stream, &batch), 0);
  ArrowArray end;
  ASSERT_EQ(stream.get_next(&stream, &end), 0);
  EXPECT_EQ(end.release, nullptr);
  stream.release(&stream);
  ArrowArray column = *batch.children[1];
  ArrowSchema its = *schema.children[1];
  batch.children[1]->release = nullptr;
  schema.children[1]->release = nullptr;
  batch.release(&batch);
  schema.release(&schema);
  EXPECT_STREQ(its.name, "size");
  EXPECT_EQ(import_arrow<double>(&column, &its), prices);
}

TEST(ArrowExport, WhatIsNoTableIsRefused) {
  const Array<int> two = array_from({1, 2});
  const Array<int> three = array_from({1, 2, 3});
  ArrowArrayStream stream;
  EXPECT_THAT(refusal([&] {
                export_arrow_stream({{"a", two}, {"b", three}}, &stream);
              }),
              HasSubstr("column \"b\": it has 3 rows, column \"a\" has 2"));
  EXPECT_THAT(refusal([&] {
                export_arrow_stream({{"a", two}, {"a", two}}, &stream);
              }),
              HasSubstr("several of this name"));
  EXPECT_THAT(refusal([&] {
                export_arrow_stream({{"a", zeros<int>(2, 2).freeze()}}, &stream);
              }),
              HasSubstr("2 dimensions"));
  const MaskedArray<int> masked{two, Array<bool>(zeros<bool>(3))};
  EXPECT_THAT(refusal([&] {
                export_arrow_stream({{"a", masked}}, &stream);
              }),
              HasSubstr("its mask has 3 elements, its values are 2"));
}

}  // namespace
}  // namespace manta
