#pragma once
/// What      The checkpoint: a State lists its fields once, to one visitor, for saving and for loading.
/// Method    The file is ordinary HDF5: a group per enter(), a dataset per field, a 64-bit checksum on each dataset and
///           an attribute `complete`. Rank 0 lays the file out with all datasets allocated and unfilled; then every
///           rank writes its rows with pwrite at the dataset's offset, while a thread computes the checksums
///           (io/checksum.hpp). Disjoint ranges, so safe on parallel file systems; faster than a plain write and fsync
///           of the same bytes (tests/bench/bench_checkpoint.cpp), which parallel HDF5 is not. The bytes go to
///           `path.partial`, are synced, and are renamed over `path`: whatever happens, `path` is the old checkpoint or
///           the new one, whole.
/// Parallel  constructors and commit() are collective; every rank calls the same fields in the same order. rows() is
///           collective when loading. A file written on N ranks is read on any number; its bytes do not depend on N.
/// Cost      commit: one write of the bytes and one fsync; about 20 us a field besides.
/// Fails     UserError on all ranks, naming the file: no space, no permission; a file that is not a checkpoint, is
///           truncated, was only half written or fails its checksum; a field that is missing or has another shape.
///           A failed commit() removes `path.partial` and leaves the last good checkpoint as it was.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/batch.hpp"
#include "parallel/comm.hpp"
#include "parallel/row_layout.hpp"

namespace aleator::io {

/// Names are unique within their group and hold no '/'.
class Archive {
 public:
  virtual ~Archive() = default;
  virtual bool is_loading() const = 0;

  // Values that are the same on all ranks: rank 0 writes them, all ranks get them back.
  virtual void field(const std::string& name, double& value) = 0;
  virtual void field(const std::string& name, std::int64_t& value) = 0;
  virtual void field(const std::string& name, bool& value) = 0;
  virtual void field(const std::string& name, std::string& value) = 0;
  virtual void field(const std::string& name, std::vector<double>& values) = 0;
  virtual void field(const std::string& name, std::vector<std::int64_t>& values) = 0;
  void field(const std::string& name, int& value);
  void field(const std::string& name, std::vector<int>& values);

  /// Rows spread over the ranks as `layout` says. Loading allocates `rows` anew where its size is not that of the file.
  /// When saving, the views are kept until commit() and must not change before it.
  virtual void rows(const std::string& name, const parallel::RowLayout& layout, kernels::Batch& rows) = 0;
  virtual void rows(const std::string& name, const parallel::RowLayout& layout, kernels::Vector& rows) = 0;

  virtual void enter(const std::string& group) = 0;
  virtual void leave() = 0;
};

/// The fields listed while it lives are in the group of this name.
class ArchiveGroup {
 public:
  ArchiveGroup(Archive& archive, const std::string& name) : archive_(archive) { archive_.enter(name); }
  ~ArchiveGroup() { archive_.leave(); }
  ArchiveGroup(const ArchiveGroup&) = delete;
  ArchiveGroup& operator=(const ArchiveGroup&) = delete;

 private:
  Archive& archive_;
};

class ArchiveWriter final : public Archive {
 public:
  ArchiveWriter(const parallel::Comm& comm, const std::string& path);
  ~ArchiveWriter() override;  ///< without commit() nothing is written
  ArchiveWriter(ArchiveWriter&&) noexcept;
  ArchiveWriter& operator=(ArchiveWriter&&) noexcept;

  bool is_loading() const override { return false; }
  using Archive::field;
  void field(const std::string& name, double& value) override;
  void field(const std::string& name, std::int64_t& value) override;
  void field(const std::string& name, bool& value) override;
  void field(const std::string& name, std::string& value) override;
  void field(const std::string& name, std::vector<double>& values) override;
  void field(const std::string& name, std::vector<std::int64_t>& values) override;
  void rows(const std::string& name, const parallel::RowLayout& layout, kernels::Batch& rows) override;
  void rows(const std::string& name, const parallel::RowLayout& layout, kernels::Vector& rows) override;
  void enter(const std::string& group) override;
  void leave() override;

  /// Writes, syncs and renames; once only. When it returns the checkpoint is on the disk.
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class ArchiveReader final : public Archive {
 public:
  /// Opens and verifies the file, and brings the replicated fields to all ranks.
  ArchiveReader(const parallel::Comm& comm, const std::string& path);
  ~ArchiveReader() override;
  ArchiveReader(ArchiveReader&&) noexcept;
  ArchiveReader& operator=(ArchiveReader&&) noexcept;

  bool is_loading() const override { return true; }
  using Archive::field;
  void field(const std::string& name, double& value) override;
  void field(const std::string& name, std::int64_t& value) override;
  void field(const std::string& name, bool& value) override;
  void field(const std::string& name, std::string& value) override;
  void field(const std::string& name, std::vector<double>& values) override;
  void field(const std::string& name, std::vector<std::int64_t>& values) override;
  void rows(const std::string& name, const parallel::RowLayout& layout, kernels::Batch& rows) override;
  void rows(const std::string& name, const parallel::RowLayout& layout, kernels::Vector& rows) override;
  void enter(const std::string& group) override;
  void leave() override;

  bool has(const std::string& name) const;  ///< local: a field or group of this name in the present group
  std::vector<std::string> unread() const;  ///< local: full names of the fields in the file that were not asked for

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aleator::io
