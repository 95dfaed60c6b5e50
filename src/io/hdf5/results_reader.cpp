#include <algorithm>

#include "core/error.hpp"
#include "io/hdf5/results_layout.hpp"
#include "io/raw_file.hpp"
#include "io/results.hpp"

namespace aleator::io {
namespace {

std::uint64_t entries(const std::vector<std::int64_t>& extents) {
  std::uint64_t count = 1;
  for (const std::int64_t extent : extents) count *= static_cast<std::uint64_t>(extent);
  return count;
}

}  // namespace

struct ResultsReader::Impl {
  std::string path;
  hdf5::File file;

  hdf5::Subject subject(const std::string& group, const std::string& name) const { return {path, group + "/" + name}; }
  hdf5::Dataset open(const std::string& group, const std::string& name) const {
    const hdf5::Subject what = subject(group, name);
    if (!hdf5::has_link(file.id(), group) || !hdf5::has_link(file.id(), what.object))
      throw core::UserError(path + ": there is no variable '" + what.object + "'");
    return hdf5::Dataset(H5Dopen2(file.id(), what.object.c_str(), H5P_DEFAULT), "opening", what);
  }
};

ResultsReader::ResultsReader(const std::string& path) : impl_(std::make_unique<Impl>()) {
  hdf5::silence_printing();
  impl_->path = path;
  RawFile(path, RawFile::Mode::read);  // tells a file that is not there from one that is not HDF5
  impl_->file = hdf5::open_file(path);
  hdf5::check_results_format(impl_->file.id(), path);
}

ResultsReader::~ResultsReader() = default;
ResultsReader::ResultsReader(ResultsReader&&) noexcept = default;
ResultsReader& ResultsReader::operator=(ResultsReader&&) noexcept = default;

std::vector<std::string> ResultsReader::groups() const { return hdf5::link_names(impl_->file.id(), {impl_->path}); }

std::vector<std::string> ResultsReader::names(const std::string& group) const {
  const hdf5::Subject what{impl_->path, group};
  const hdf5::Group opened(H5Gopen2(impl_->file.id(), group.c_str(), H5P_DEFAULT), "opening", what);
  std::vector<std::string> names = hdf5::link_names(opened.id(), what);
  names.erase(std::remove_if(names.begin(), names.end(),
                             [&](const std::string& name) { return hdf5::is_dimension_scale(opened.id(), name); }),
              names.end());
  return names;
}

bool ResultsReader::has(const std::string& group, const std::string& name) const {
  return hdf5::has_link(impl_->file.id(), group) && hdf5::has_link(impl_->file.id(), group + "/" + name);
}

std::vector<std::int64_t> ResultsReader::shape(const std::string& group, const std::string& name) const {
  return hdf5::extents_of(impl_->open(group, name).id(), impl_->subject(group, name));
}

std::vector<std::string> ResultsReader::dimensions(const std::string& group, const std::string& name) const {
  const hdf5::Dataset dataset = impl_->open(group, name);
  return hdf5::axis_names(dataset.id(), impl_->subject(group, name));
}

std::vector<std::string> ResultsReader::labels(const std::string& group, const std::string& dimension) const {
  const hdf5::Subject what = impl_->subject(group, dimension);
  const hdf5::Dataset dataset = impl_->open(group, dimension);
  const hdf5::Type type(H5Dget_type(dataset.id()), "reading", what);
  if (H5Tget_class(type.id()) != H5T_STRING) return {};
  std::vector<char*> texts(entries(hdf5::extents_of(dataset.id(), what)));
  if (texts.empty()) return {};
  hdf5::check(H5Dread(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()), "reading", what);
  const std::vector<std::string> labels(texts.begin(), texts.end());
  const hdf5::Space space(H5Dget_space(dataset.id()), "reading", what);
  H5Dvlen_reclaim(type.id(), space.id(), H5P_DEFAULT, texts.data());
  return labels;
}

std::vector<double> ResultsReader::read(const std::string& group, const std::string& name) const {
  const std::vector<std::int64_t> extents = shape(group, name);
  return read(group, name, {std::vector<std::int64_t>(extents.size(), 0), extents});
}

std::vector<double> ResultsReader::read(const std::string& group, const std::string& name, const Hyperslab& box) const {
  const hdf5::Subject what = impl_->subject(group, name);
  const hdf5::Dataset dataset = impl_->open(group, name);
  const std::vector<std::int64_t> extents = hdf5::extents_of(dataset.id(), what);
  ALEATOR_ASSERT(box.start.size() == extents.size() && box.count.size() == extents.size());
  for (std::size_t d = 0; d < extents.size(); ++d)
    ALEATOR_ASSERT(box.start[d] >= 0 && box.count[d] >= 0 && box.start[d] + box.count[d] <= extents[d]);
  std::vector<double> values(entries(box.count));
  if (values.empty()) return values;
  const hdf5::Space memory = hdf5::make_space(box.count, what);
  const hdf5::Space file(H5Dget_space(dataset.id()), "reading", what);
  if (!extents.empty()) {
    const std::vector<hsize_t> start(box.start.begin(), box.start.end()), count(box.count.begin(), box.count.end());
    hdf5::check(H5Sselect_hyperslab(file.id(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), "reading",
                what);
  }
  hdf5::check(H5Dread(dataset.id(), H5T_NATIVE_DOUBLE, memory.id(), file.id(), H5P_DEFAULT, values.data()), "reading",
              what);
  return values;
}

std::vector<std::int64_t> ResultsReader::read_integers(const std::string& group, const std::string& name) const {
  const hdf5::Subject what = impl_->subject(group, name);
  const hdf5::Dataset dataset = impl_->open(group, name);
  std::vector<std::int64_t> values(entries(hdf5::extents_of(dataset.id(), what)));
  if (!values.empty())
    hdf5::check(H5Dread(dataset.id(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), "reading", what);
  return values;
}

std::map<std::string, std::string> ResultsReader::attributes() const {
  std::map<std::string, std::string> texts;
  for (const std::string& name : hdf5::attribute_names(impl_->file.id(), {impl_->path})) texts[name] = attribute(name);
  return texts;
}

std::string ResultsReader::attribute(const std::string& name) const {
  return hdf5::read_text_attribute(impl_->file.id(), name, {impl_->path});
}

std::string ResultsReader::attribute(const std::string& group, const std::string& variable,
                                     const std::string& name) const {
  return hdf5::read_text_attribute(impl_->open(group, variable).id(), name, impl_->subject(group, variable));
}

}  // namespace aleator::io
