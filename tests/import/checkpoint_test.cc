#include <gtest/gtest.h>

#include <numeric>

#include "import/model_files.h"
#include "import/table_writer.h"
#include "import/tensorflow/checkpoint/checkpoint.h"
#include "import/tensorflow/checkpoint/slices.h"
#include "import/tensorflow/checkpoint/table.h"

/// The files of checkpoints: what is in them comes out, and what is wrong with them is refused.
namespace temper::testing {
namespace {

using namespace tensorflow;

TEST(Crc32c, OfKnownBytes) {
  const auto crc = [](std::string_view text) { return crc32c(std::as_bytes(std::span(text))); };
  EXPECT_EQ(crc("123456789"), 0xe3069283U);
  EXPECT_EQ(crc(""), 0U);
  EXPECT_EQ(crc(std::string(32, '\0')), 0x8a9136aaU);
  const std::string text = "a text of some length, of which a part is first";
  EXPECT_EQ(crc32c(std::as_bytes(std::span(text).subspan(11)), crc(text.substr(0, 11))), crc(text));
}

Entries some_entries() {
  Entries entries;
  for (int i = 0; i < 20; ++i) entries.emplace_back(fmt::format("common/prefix/{:03}", i * i), std::string(static_cast<std::size_t>(i * 40), static_cast<char>('a' + i)));
  return entries;
}

Entries read_all(const std::string& bytes) {
  const Table table(std::make_shared<const MemorySource>(std::as_bytes(std::span(bytes))));
  Entries entries;
  for (std::size_t block = 0; block < table.block_count(); ++block) {
    table.visit(block, [&](std::string_view key, std::string_view value) {
      entries.emplace_back(key, value);
      return true;
    });
  }
  return entries;
}

TEST(Table, GivesWhatWasWritten) {
  for (const bool compressed : {false, true}) {
    EXPECT_EQ(read_all(TableWriter(compressed).write(some_entries())), some_entries());
    EXPECT_EQ(read_all(TableWriter(compressed).write({})), Entries());
  }
}

/// A byte that is changed anywhere is found, in blocks by their checksums.
TEST(Table, DamageIsRefused) {
  for (const bool compressed : {false, true}) {
    const std::string bytes = TableWriter(compressed).write(some_entries());
    std::size_t unseen = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x5a);
      try {
        unseen += read_all(damaged) == some_entries();
      } catch (const ModelError&) {
      }
    }
    EXPECT_LT(unseen, 64U);  // the padding of the footer, and the block that nothing needs
    for (std::size_t size = 0; size < bytes.size(); size += 7) EXPECT_THROW(read_all(bytes.substr(0, size)), ModelError);
  }
}

/// Sizes that lie under right checksums.
TEST(Table, BlocksThatDoNotHoldTogetherAreRefused) {
  const auto table_of = [](const std::string& content, bool claims_compression) {
    std::string file = content;
    file.push_back(claims_compression ? 1 : 0);
    put_fixed(file, masked_crc(crc32c(std::as_bytes(std::span(file)))), 4);
    std::string footer;
    for (int i = 0; i < 2; ++i) {
      put_varint(footer, 0);
      put_varint(footer, content.size());
    }
    footer.resize(40, '\0');
    put_fixed(footer, 0xdb4775248b80fb57U, 8);
    return file + footer;
  };
  const std::string huge_count("\xff\xff\xff\x7f", 4);
  std::string claims;  // of a snappy block: 2 GB
  put_varint(claims, std::uint64_t{1} << 31);
  for (const std::string& content : {std::string(), std::string("abc"), huge_count, "\x01" + std::string(8, '\0'), std::string("\0\x50\1z\0\0\0\0", 8)}) {
    EXPECT_THROW(read_all(table_of(content, false)), ModelError);
  }
  EXPECT_THROW(read_all(table_of(claims + "xyz", true)), ModelError);
  EXPECT_THROW(read_all(table_of("", true)), ModelError);
}

TEST(Slices, PartsAreReadAndPutTogether) {
  const Shape whole{4, 3, 2};
  const TensorSlice slice = to_slice("4 3 2 1,2:-:0,1", whole);
  EXPECT_EQ(slice.shape(), (Shape{2, 3, 1}));
  std::vector<std::int32_t> all(24), part(6), back(24, -1);
  std::iota(all.begin(), all.end(), 0);
  get_slice(std::as_bytes(std::span(all)), whole, slice, std::as_writable_bytes(std::span(part)), 4);
  EXPECT_EQ(part, (std::vector<std::int32_t>{6, 8, 10, 12, 14, 16}));
  put_slice(std::as_writable_bytes(std::span(back)), whole, slice, std::as_bytes(std::span(part)), 4);
  for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(back[i], i % 2 == 0 && i >= 6 && i < 18 ? static_cast<int>(i) : -1);
  EXPECT_EQ(to_slice("", whole).shape(), whole);
  for (const char* wrong : {"4 3 2 0,5:-:-", "4 3 2 -1,2:-:-", "4 3 2 0,2:-", "4 3 0,2:-:-", "5 3 2 -:-:-", "x", "4 3 2 0:-:-", "4 3 2 9223372036854775807,2:-:-"}) {
    EXPECT_THROW(to_slice(wrong, whole), ModelError) << wrong;
  }
}

/// Written as TensorFlow's OrderedCode does.
TEST(Slices, HaveKeys) {
  TensorSliceProto slice;
  slice.add_extent();
  auto& extent = *slice.add_extent();
  extent.set_start(70);
  extent.set_length(64);
  const std::string key = slice_key(std::string("a\0b", 3), slice);
  const std::string wanted("\0" "a\0\xff" "b\0\x01" "\x01\x02" "\x80\x7f" "\xc0\x46" "\xc0\x40", 15);
  EXPECT_EQ(key, wanted);
}

TEST(Checkpoints, OfBothFormatsHoldTheSame) {
  const auto bundle = open_checkpoint(models_folder() / "sharded" / "model");
  const auto first = open_checkpoint(models_folder() / "first_format" / "model");
  EXPECT_EQ(bundle->format(), "bundle");
  EXPECT_EQ(first->format(), "tensor slices");
  ASSERT_EQ(bundle->entries().size(), first->entries().size());
  for (const auto& [name, entry] : bundle->entries()) {
    const Fact fact = bundle->fact(name);
    ASSERT_EQ(describe(fact), describe(first->fact(name))) << name;
    Tensor a(fact.dtype, *fact.shape.known()), b(fact.dtype, *fact.shape.known());
    bundle->read(name, a.mutable_bytes());
    first->read(name, b.mutable_bytes());
    EXPECT_TRUE(identical(a, b)) << name;
  }
  EXPECT_THROW(open_checkpoint(models_folder() / "nothing"), ModelError);
}

/// Entries that lie: each is refused when its tensor is read.
TEST(Checkpoints, EntriesThatLieAreRefused) {
  const TemporaryFolder folder;
  BundleHeaderProto header;
  header.set_num_shards(1);
  write_file(folder.path() / "c.data-00000-of-00001", std::string(64, 'x'));
  const auto read = [&](const std::function<void(BundleEntryProto&)>& change) {
    BundleEntryProto entry;
    entry.set_dtype(DT_FLOAT);
    entry.mutable_shape()->add_dim()->set_size(4);
    entry.set_size(16);
    const std::string content(16, 'x');
    entry.set_crc32c(masked_crc(crc32c(std::as_bytes(std::span(content)))));
    change(entry);
    write_file(folder.path() / "c.index", TableWriter(true).write({{"", header.SerializeAsString()}, {"v", entry.SerializeAsString()}}));
    const auto checkpoint = open_checkpoint(folder.path() / "c");
    const Fact fact = checkpoint->fact("v");
    Tensor tensor(fact.dtype, *fact.shape.known());
    checkpoint->read("v", tensor.mutable_bytes());
  };
  EXPECT_NO_THROW(read([](BundleEntryProto&) {}));
  EXPECT_NO_THROW(read([](BundleEntryProto& e) { e.set_offset(48); }));
  const std::vector<std::function<void(BundleEntryProto&)>> lies = {
      [](BundleEntryProto& e) { e.set_offset(49); },
      [](BundleEntryProto& e) { e.set_offset(-1); },
      [](BundleEntryProto& e) { e.set_offset(INT64_MAX); },
      [](BundleEntryProto& e) { e.set_size(12); },
      [](BundleEntryProto& e) { e.set_size(-16); },
      [](BundleEntryProto& e) { e.set_shard_id(1); },
      [](BundleEntryProto& e) { e.set_shard_id(-1); },
      [](BundleEntryProto& e) { e.set_crc32c(7); },
      [](BundleEntryProto& e) { e.set_dtype(DT_COMPLEX64); },
      [](BundleEntryProto& e) { e.set_dtype(DT_STRING); },
      [](BundleEntryProto& e) { e.mutable_shape()->mutable_dim(0)->set_size(-4); },
      [](BundleEntryProto& e) { e.mutable_shape()->mutable_dim(0)->set_size(INT64_MAX); },
      [](BundleEntryProto& e) { for (int i = 0; i < 20; ++i) e.mutable_shape()->add_dim()->set_size(1); },
      [](BundleEntryProto& e) { e.add_slices()->add_extent(); },
      [](BundleEntryProto& e) { e.add_slices(); },
  };
  for (std::size_t i = 0; i < lies.size(); ++i) EXPECT_THROW(read(lies[i]), ModelError) << i;
  header.set_endianness(BundleHeaderProto::BIG);
  EXPECT_THROW(read([](BundleEntryProto&) {}), ModelError);
  header.set_endianness(BundleHeaderProto::LITTLE);
  header.set_num_shards(-5);
  EXPECT_THROW(read([](BundleEntryProto&) {}), ModelError);
}

}  // namespace
}  // namespace temper::testing
