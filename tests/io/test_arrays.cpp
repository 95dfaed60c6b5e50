// Arrays of binary files: bytes as NumPy writes them, HDF5 files written here, and what is said of damaged ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <hdf5_hl.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"
#include "io/arrays.hpp"
#include "io/data_table.hpp"
#include "io/files.hpp"

namespace aleator::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename Number>
std::string bytes_of(const std::vector<Number>& numbers) {
  std::string bytes(numbers.size() * sizeof(Number), '\0');
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

// As numpy.save writes: magic, version, length of the header, the header padded to 64 bytes, the numbers.
std::string npy(const std::string& descr, const std::string& order, const std::string& shape, const std::string& data,
                int version = 1) {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
  const std::size_t begin = version == 1 ? 10 : 12;
  header += std::string(63 - (begin + header.size()) % 64, ' ') + "\n";
  std::string bytes = std::string("\x93NUMPY") + static_cast<char>(version) + '\0';
  for (std::size_t k = 0; k < begin - 8; ++k) bytes += static_cast<char>(header.size() >> (8 * k) & 255);
  return bytes + header + data;
}

std::string error_of(const std::string& bytes, const std::string& path) {
  try {
    parse_table(bytes, path);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Arrays, NumPyFilesAreTables) {
  const Table reals = parse_table(npy("<f8", "False", "(2, 3)", bytes_of<double>({1, 2, 3, 4, 5, 0.1})), "d.npy");
  EXPECT_EQ(reals.rows, 2u);
  EXPECT_EQ(reals.columns, 3u);
  EXPECT_THAT(reals.values, ElementsAre(1, 2, 3, 4, 5, 0.1));
  const Table column = parse_table(npy("<i2", "False", "(3,)", bytes_of<std::int16_t>({-7, 0, 300}), 2), "d.npy");
  EXPECT_EQ(column.rows, 3u);
  EXPECT_EQ(column.columns, 1u);
  EXPECT_THAT(column.values, ElementsAre(-7, 0, 300));
  EXPECT_THAT(parse_table(npy("<f8", "True", "(2, 3)", bytes_of<double>({1, 4, 2, 5, 3, 6})), "d.npy").values,
              ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(parse_table(npy(">i4", "False", "(2,)", std::string("\0\0\1\2\xff\xff\xff\xff", 8)), "d.npy").values,
              ElementsAre(258, -1));
  EXPECT_THAT(parse_table(npy("<f4", "False", "()", bytes_of<float>({0.5f})), "d.npy").values, ElementsAre(0.5));
  EXPECT_THAT(parse_table(npy("|b1", "False", "(2,)", std::string("\1\0", 2)), "d.npy").values, ElementsAre(1, 0));
  EXPECT_THAT(parse_table(npy("|u1", "False", "(1,)", "\xff"), "d.npy").values, ElementsAre(255));
}

TEST(Arrays, DamagedAndOtherNumPyFilesAreRefusedWithTheReason) {
  const std::string whole = npy("<f8", "False", "(2,)", bytes_of<double>({1, 2}));
  EXPECT_THAT(error_of(whole.substr(0, whole.size() - 1), "d.npy"),
              HasSubstr("d.npy: no sound NumPy file: 15 bytes of data where 2 numbers of 8 bytes belong"));
  EXPECT_THAT(error_of(whole.substr(0, 40), "d.npy"), HasSubstr("it ends in its header"));
  EXPECT_THAT(error_of(npy("<c16", "False", "(1,)", std::string(16, '\0')), "d.npy"),
              HasSubstr("entries of type '<c16' are not read"));
  EXPECT_THAT(error_of(npy("<U3", "False", "(1,)", std::string(12, '\0')), "d.npy"), HasSubstr("type '<U3'"));
  EXPECT_THAT(error_of(npy("<f8", "False", "(2,)", bytes_of<double>({1, std::nan("")})), "d.npy"),
              HasSubstr("entry 1 of row 2: nan is not allowed: numbers must be finite"));
  EXPECT_THAT(error_of(npy("<f8", "False", "(0,)", ""), "d.npy"), HasSubstr("the array holds no numbers"));
}

class Hdf5Arrays : public testing::Test {
 protected:
  void SetUp() override {
    make_directory("io_arrays_tests");
    file_ = H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    ASSERT_GE(file_, 0);
    const hid_t group = H5Gcreate2(file_, "run", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
    const double y[6] = {1, 2, 3, 4, 5, 6};
    const int x[2] = {7, -8};
    write("run/y", {2, 3}, H5T_IEEE_F64BE, H5T_NATIVE_DOUBLE, y);  // stored with the other byte order
    write("x", {2}, H5T_STD_I16LE, H5T_NATIVE_INT, x);
    write("words", {1}, H5T_C_S1, H5T_C_S1, "a");
    write("run/a", {2, 3}, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, y);
    scale("run/chain", 2), scale("run/draw", 3);
    const int packed[4] = {10, -99, 12, -98};
    write("packed", {4}, H5T_STD_I16LE, H5T_NATIVE_INT, packed);
    const std::int16_t fill = -99, missing = -98;
    const float factor = 0.5f, offset = 100.0f;
    H5LTset_attribute_short(file_, "packed", "_FillValue", &fill, 1);
    H5LTset_attribute_short(file_, "packed", "missing_value", &missing, 1);
    H5LTset_attribute_float(file_, "packed", "scale_factor", &factor, 1);
    H5LTset_attribute_float(file_, "packed", "add_offset", &offset, 1);
    attach("run/a", {"run/chain", "run/draw"});
    H5Fclose(file_);
    bytes_ = read_text_file(path_);
  }
  void write(const char* name, std::vector<hsize_t> extents, hid_t stored, hid_t type, const void* values) const {
    const hid_t space = H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr);
    const hid_t set = H5Dcreate2(file_, name, stored, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ASSERT_GE(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    H5Dclose(set), H5Sclose(space);
  }
  void scale(const std::string& path, hsize_t extent) const {
    const std::vector<int> numbers(extent, 0);
    write(path.c_str(), {extent}, H5T_STD_I16LE, H5T_NATIVE_INT, numbers.data());
    const hid_t set = H5Dopen2(file_, path.c_str(), H5P_DEFAULT);
    ASSERT_GE(H5DSset_scale(set, path.substr(path.find('/') + 1).c_str()), 0);
    H5Dclose(set);
  }
  void attach(const char* name, const std::vector<const char*>& scales) const {
    const hid_t set = H5Dopen2(file_, name, H5P_DEFAULT);
    for (std::size_t axis = 0; axis < scales.size(); ++axis) {
      const hid_t of = H5Dopen2(file_, scales[axis], H5P_DEFAULT);
      ASSERT_GE(H5DSattach_scale(set, of, static_cast<unsigned>(axis)), 0);
      H5Dclose(of);
    }
    H5Dclose(set);
  }
  const std::string path_ = "io_arrays_tests/two.h5";
  std::string bytes_;
  hid_t file_ = -1;
};

TEST_F(Hdf5Arrays, ArePackedAndFilledAsTheCfConventionsSay) {
  EXPECT_THAT(parse_table(bytes_, path_ + ":packed", NonFinite::allowed).values,
              ElementsAre(105, testing::IsNan(), 106, testing::IsNan()));
  EXPECT_THAT(error_of(bytes_, path_ + ":packed"), HasSubstr("nan"));
}

TEST_F(Hdf5Arrays, AreNamedBehindAColonOfTheFile) {
  const Table y = parse_table(bytes_, path_ + ":run/y");
  EXPECT_EQ(y.rows, 2u);
  EXPECT_EQ(y.columns, 3u);
  EXPECT_THAT(y.values, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(parse_table(bytes_, path_ + ":/x").values, ElementsAre(7, -8));
}

TEST_F(Hdf5Arrays, ANumberOfEachDrawOfARunIsARow) {
  const Table a = parse_table(bytes_, path_ + ":run/a");
  EXPECT_EQ(a.rows, 6u);
  EXPECT_EQ(a.columns, 1u);
  EXPECT_THAT(a.values, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(Hdf5Arrays, OfAGroupOfARunStandSideBySideAsTheyWereMade) {
  const std::string path = "io_arrays_tests/draws.h5";
  file_ = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t ordered = H5Pcreate(H5P_GROUP_CREATE);
  H5Pset_link_creation_order(ordered, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  for (const char* const name : {"posterior", "empty"})
    H5Gclose(H5Gcreate2(file_, name, H5P_DEFAULT, ordered, H5P_DEFAULT));
  H5Pclose(ordered);
  scale("posterior/chain", 1), scale("posterior/draw", 2);
  const double b[2] = {10, 20}, a[4] = {1, 2, 3, 4};
  write("posterior/b", {1, 2}, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, b);
  write("posterior/a", {1, 2, 2}, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, a);
  for (const char* const name : {"posterior/b", "posterior/a"}) attach(name, {"posterior/chain", "posterior/draw"});
  H5Fclose(file_);
  const std::string bytes = read_text_file(path);
  const Table all = parse_table(bytes, path + ":posterior");
  EXPECT_EQ(all.rows, 2u);
  EXPECT_EQ(all.columns, 3u);
  EXPECT_THAT(all.values, ElementsAre(10, 1, 2, 20, 3, 4));
  EXPECT_THAT(parse_table(bytes, path + ":posterior/b").values, ElementsAre(10, 20));
  EXPECT_THAT(error_of(bytes, path + ":empty"), HasSubstr("'empty' holds no arrays of numbers"));
  EXPECT_THAT(error_of(bytes_, path_ + ":run"), HasSubstr("holds several arrays"));  // one of them is no draws
}

TEST_F(Hdf5Arrays, AreColumnsOfADataTable) {
  const std::vector<Column> columns = parse_data_table(bytes_, path_);
  ASSERT_EQ(columns.size(), 6u);
  EXPECT_THAT(column_of(columns, "run/y", path_).values, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(column_of(columns, "run/y", path_).name, "run_y");
  EXPECT_THAT(column_of(columns, "x", path_).values, ElementsAre(7, -8));
}

TEST_F(Hdf5Arrays, WhatIsNotThereOrNotNumbersIsSaidWithWhatThereIs) {
  EXPECT_THAT(error_of(bytes_, path_), HasSubstr("holds several arrays; name one behind a colon"));
  EXPECT_THAT(error_of(bytes_, path_), HasSubstr("there are: packed, run/a, run/chain, run/draw, run/y, x"));
  EXPECT_THAT(error_of(bytes_, path_ + ":z"),
              HasSubstr("there is no array 'z'; there are: packed, run/a, run/chain, run/draw, run/y, x"));
  EXPECT_THAT(error_of(bytes_, path_ + ":words"), HasSubstr("'words' holds no integers or reals"));
  EXPECT_THAT(error_of(bytes_.substr(0, 100), path_), HasSubstr(path_));
}

}  // namespace
}  // namespace aleator::io
