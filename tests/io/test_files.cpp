#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <set>

#include "core/error.hpp"
#include "io/checksum.hpp"
#include "io/files.hpp"

namespace aleator::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string table_error(const std::string& text) {
  try {
    parse_table(text, "data.txt");
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Files, ATableIsReadWithCommentsBlankLinesAndAnySeparator) {
  const Table table = parse_table("# x y z\n1 2\t-3.5\n\n +4,5e-3 ,6 # last\r\n", "data.txt");
  EXPECT_EQ(table.rows, 2u);
  EXPECT_EQ(table.columns, 3u);
  EXPECT_THAT(table.values, ElementsAre(1, 2, -3.5, 4, 5e-3, 6));
  EXPECT_EQ(table(1, 2), 6);
}

TEST(Files, AFirstLineOfNamesIsPassedOver) {
  for (const char* const head : {"x,y\n", "\"x\";\"y\"\n", "time [s] u (m)\n"}) {
    const Table table = parse_table(std::string(head) + "1 2\n3 4\n", "data.csv");
    EXPECT_THAT(table.values, ElementsAre(1, 2, 3, 4)) << head;
  }
}

TEST(Files, NumbersAreReadToTheLastBit) {
  EXPECT_EQ(parse_table("0.1 1.7976931348623157e308 4.9406564584124654e-324", "t").values,
            (std::vector<double>{0.1, 1.7976931348623157e308, 4.9406564584124654e-324}));
}

TEST(Files, AnErrorInATableNamesLineColumnAndText) {
  EXPECT_EQ(table_error("1 2\n3  four\n"), "data.txt:2:4: error: 'four' is not a number");
  EXPECT_EQ(table_error("a, 2\n3, 4\n"),
            "data.txt:1:1: error: 'a' is not a number; a first line of names may hold nothing else");
  EXPECT_EQ(table_error("1, 2\na, b\n"), "data.txt:2:1: error: 'a' is not a number");
  EXPECT_EQ(table_error("nan, nan\n"), "data.txt:1:1: error: 'nan' is not allowed: numbers must be finite");
  EXPECT_EQ(table_error("a, b\n"), "data.txt: the table holds no numbers");
  EXPECT_EQ(table_error("1 2\n3 4x\n"), "data.txt:2:3: error: '4x' is not a number");
  EXPECT_EQ(table_error("1 nan\n"), "data.txt:1:3: error: 'nan' is not allowed: numbers must be finite");
  EXPECT_EQ(table_error("#\n-inf\n"), "data.txt:2:1: error: '-inf' is not allowed: numbers must be finite");
  EXPECT_EQ(table_error("1e999\n"), "data.txt:1:1: error: '1e999' does not fit a double");
  EXPECT_EQ(table_error("1 2\n3\n"), "data.txt:2:1: error: this row has 1 numbers, the rows before it 2");
  EXPECT_EQ(table_error("1 2\n3 4 5\n"), "data.txt:2:5: error: this row has 3 numbers, the rows before it 2");
  EXPECT_EQ(table_error("+-1\n"), "data.txt:1:1: error: '+-1' is not a number");
  EXPECT_EQ(table_error("# nothing\n"), "data.txt: the table holds no numbers");
}

TEST(Files, EmptyCellsAreMissingEntriesAndNeverSkipped) {
  const Table table = parse_table("1,,3\n,5,6\n7;8 ; ;\n", "data.csv", NonFinite::allowed);
  EXPECT_EQ(table.columns, 3u);
  EXPECT_TRUE(std::isnan(table(0, 1)) && std::isnan(table(1, 0)) && std::isnan(table(2, 2)));
  EXPECT_EQ(table(1, 2), 6.0);
  EXPECT_EQ(parse_table("1, 2,\n3, 4,\n", "data.csv").columns, 2u);  // a mark at the end of a line ends its last cell
  const Table short_of_one = parse_table("t,x,y\n1,,\n2,3,4\n5,6, # no y\n", "data.csv", NonFinite::allowed);
  EXPECT_EQ(short_of_one.columns, 3u);  // or begins one that is empty, where the line is one short
  EXPECT_TRUE(std::isnan(short_of_one(0, 2)) && std::isnan(short_of_one(2, 2)));
  EXPECT_EQ(table_error("1,,3\n"), "data.txt:1:3: error: an empty cell: numbers must be given");
}

TEST(Files, AColumnOfATableStandsBehindAColon) {
  const std::string text = "time,who,y\n0.5,a,1\n2,b,\n";
  EXPECT_THAT(parse_table(text, "data.csv:time").values, ElementsAre(0.5, 2));
  EXPECT_EQ(parse_table(text, "data.csv:time").columns, 1u);
  EXPECT_TRUE(std::isnan(parse_table(text, "data.csv:y", NonFinite::allowed)(1, 0)));
  const auto error = [&](const std::string& name) -> std::string {
    try {
      parse_table(text, name);
    } catch (const core::UserError& fault) {
      return fault.what();
    }
    return {};
  };
  EXPECT_THAT(error("data.csv:y"), HasSubstr("data.csv: entry 2 of column 'y' is missing"));
  EXPECT_THAT(error("data.csv:who"), HasSubstr("column 'who' holds text"));
  EXPECT_THAT(error("data.csv:z"), HasSubstr("there is no column 'z'; there are: time, who, y"));
}

TEST(Files, TextOfSpreadsheetsAndFortranIsReadOrRefusedWithTheReason) {
  EXPECT_THAT(parse_table("\xEF\xBB\xBF"
                          "1 2\n",
                          "data.csv")
                  .values,
              ElementsAre(1, 2));
  EXPECT_THAT(parse_table("1.5D+01 -2d0 3.D-1\n", "data.txt").values, ElementsAre(15, -2, 0.3));
  EXPECT_EQ(table_error("1,5;2,5\n"),
            "data.txt:1:2: error: commas and semicolons in one line: where commas are decimal, write points instead");
  EXPECT_EQ(table_error(std::string("\xFF\xFE"
                                    "1\0",
                                    4)),
            "data.txt: is text in UTF-16; save it as UTF-8");
  EXPECT_THAT(table_error("PK\x03\x04..."), HasSubstr("is an archive"));
  EXPECT_THAT(table_error(std::string("1\0002", 3)), HasSubstr("is neither text nor a file of NumPy (.npy) or HDF5"));
}

TEST(Files, ATableOfPointsMayHoldNanAndInfinityButNoText) {
  const Table table = parse_table("1 nan\n-inf +inf\n", "points.txt", NonFinite::allowed);
  EXPECT_TRUE(std::isnan(table(0, 1)));
  EXPECT_THAT(table(1, 0), -std::numeric_limits<double>::infinity());
  EXPECT_THAT(table(1, 1), std::numeric_limits<double>::infinity());
  EXPECT_THROW(parse_table("1 nanx\n", "points.txt", NonFinite::allowed), core::UserError);
}

TEST(Files, TextIsReplacedWhole) {
  make_directory("io_files_tests/a/b");
  const std::string path = "io_files_tests/a/b/text.txt";
  atomic_write_text(path, "one");
  atomic_write_text(path, std::string("two\0\n", 5));
  EXPECT_EQ(read_text_file(path), std::string("two\0\n", 5));
  EXPECT_FALSE(file_exists(path + ".partial"));
}

TEST(Files, WhatCannotBeReadOrWrittenIsNamedWithTheReason) {
  const auto message = [](auto&& work) {
    try {
      work();
    } catch (const core::UserError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message([] { read_text_file("absent.txt"); }), "absent.txt: No such file or directory");
  EXPECT_EQ(message([] { read_text_file("/tmp"); }), "/tmp: Is a directory");
  EXPECT_THAT(message([] { atomic_write_text("absent/a.txt", "x"); }), HasSubstr("No such file or directory"));
  EXPECT_THAT(message([] { make_directory("/proc/aleator"); }), HasSubstr("/proc/aleator: the folder cannot be made"));
}

TEST(Files, AFullDeviceIsReported) {
  // /dev/full: every write fails with "no space left"; the link stands where the partial file would be made.
  make_directory("io_files_tests");
  const std::string path = "io_files_tests/full.txt";
  std::filesystem::remove(path + ".partial");
  std::filesystem::create_symlink("/dev/full", path + ".partial");
  EXPECT_THROW(
      try { atomic_write_text(path, "text"); } catch (const core::UserError& error) {
        EXPECT_THAT(error.what(), HasSubstr("No space left on device"));
        throw;
      },
      core::UserError);
  EXPECT_FALSE(file_exists(path));
}

std::vector<std::uint64_t> checksum_words(std::size_t count) {
  std::vector<std::uint64_t> words(count);
  std::uint64_t x = 88172645463325252ull;  // xorshift64
  for (std::uint64_t& word : words) word = (x ^= x << 13, x ^= x >> 7, x ^= x << 17);
  return words;
}

std::uint64_t checksum_value(const std::vector<std::uint64_t>& words) {
  Checksum c;
  c.add(words.data(), 0, words.size());
  return c.value();
}

/// splitmix64 and the keys of io/checksum.hpp, written down again: the values are in users' files and may not change.
std::uint64_t reference_scatter(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

std::uint64_t reference_key(std::uint64_t i) { return reference_scatter(i % 512) + reference_scatter(~(i / 512)); }

TEST(Checksum, IsTheFormulaOfItsContract) {
  const std::vector<std::uint64_t> words = checksum_words(5000);
  std::uint64_t sum = 0, product = 0;
  for (std::uint64_t i = 0; i < words.size(); ++i) {
    const std::uint64_t x = words[i] + reference_key(i);
    sum += words[i];
    product += static_cast<std::uint64_t>(static_cast<std::uint32_t>(x)) * (x >> 32);
  }
  EXPECT_EQ(checksum_value(words),
            reference_scatter(reference_scatter(reference_scatter(sum) + product) + words.size()));
}

/// Where w + k = 0 the product is 0 whatever bit of w is flipped: only the plain sum can tell.
TEST(Checksum, AFlipThatTheProductMissesIsSeenByTheSum) {
  std::vector<std::uint64_t> words(1100);
  for (std::uint64_t i = 0; i < words.size(); ++i) words[i] = -reference_key(i);
  const std::uint64_t before = checksum_value(words);
  for (std::uint64_t& word : words) {
    word += 4;
    ASSERT_NE(checksum_value(words), before);
    word -= 4;
  }
}

TEST(Checksum, PiecesCutAnywhereGiveTheSumOfTheWhole) {
  const std::vector<std::uint64_t> words = checksum_words(3000);
  for (std::size_t cut = 0; cut <= words.size(); cut += 37) {
    Checksum front, back;
    front.add(words.data(), 0, cut);
    back.add(words.data() + cut, cut, words.size() - cut);
    back += front;
    ASSERT_EQ(back.value(), checksum_value(words)) << cut;
  }
}

TEST(Checksum, EveryFlippedBitChangesIt) {
  std::vector<std::uint64_t> words = checksum_words(700);
  words[5] = 0;
  words[6] = ~std::uint64_t{0};
  const std::uint64_t before = checksum_value(words);
  for (std::uint64_t& word : words)
    for (int bit = 0; bit < 64; ++bit) {
      word ^= std::uint64_t{1} << bit;
      ASSERT_NE(checksum_value(words), before);
      word ^= std::uint64_t{1} << bit;
    }
}

/// The faults of storage: words exchanged, blocks of 512 exchanged, the same bit flipped twice, zeros cut off or added.
TEST(Checksum, ExchangedAndPairedChangesAreSeen) {
  std::vector<std::uint64_t> words = checksum_words(2048);
  const std::uint64_t before = checksum_value(words);
  for (std::size_t i = 0; i + 1 < 2048; ++i) {
    std::swap(words[i], words[i + 1]);
    ASSERT_NE(checksum_value(words), before);
    std::swap(words[i], words[i + 1]);
    words[i] ^= std::uint64_t{1} << 63, words[i + 1] ^= std::uint64_t{1} << 63;
    ASSERT_NE(checksum_value(words), before);
    words[i] ^= std::uint64_t{1} << 63, words[i + 1] ^= std::uint64_t{1} << 63;
  }
  std::swap_ranges(words.begin(), words.begin() + 512, words.begin() + 512);
  EXPECT_NE(checksum_value(words), before);
  std::set<std::uint64_t> lengths;
  for (std::size_t n = 0; n < 600; ++n) lengths.insert(checksum_value(std::vector<std::uint64_t>(n, 0)));
  EXPECT_EQ(lengths.size(), 600u);
}

TEST(Checksum, BytesOfAnyLengthAreTold) {
  std::set<std::uint64_t> values;
  for (std::size_t n = 0; n < 40; ++n) values.insert(checksum_of_bytes(std::string(n, '\0').data(), n));
  for (std::size_t n = 1; n < 40; ++n) values.insert(checksum_of_bytes(std::string(n, 'a').data(), n));
  EXPECT_EQ(values.size(), 79u);
}

}  // namespace
}  // namespace aleator::io
