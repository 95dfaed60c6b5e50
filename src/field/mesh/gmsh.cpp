#include "field/mesh/gmsh.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <unordered_map>

#include "core/error.hpp"

namespace aleator::field {
namespace {

// Words of the text, with the line of the last one.
class Words {
 public:
  Words(const std::string& text, std::string name) : text_(text), name_(std::move(name)) {}

  [[noreturn]] void fail(const std::string& what) const { fail_at(line_, what); }
  [[noreturn]] void fail_at(int line, const std::string& what) const {
    throw core::UserError(fmt::format("{}:{}: {}", name_, line, what));
  }
  int line() const { return line_; }
  bool is_at_end() {
    skip_blanks();
    return at_ >= text_.size();
  }
  std::string word(const char* what) {
    skip_blanks();
    if (at_ >= text_.size()) fail(fmt::format("the file ends where {} should stand: it is cut off", what));
    const std::size_t begin = at_;
    if (text_[at_] == '"') {
      at_ = text_.find('"', begin + 1);
      if (at_ == std::string::npos) at_ = begin, fail("the quotes of a name are not closed");
      return text_.substr(begin + 1, at_++ - begin - 1);
    }
    while (at_ < text_.size() && !is_blank(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  double number(const char* what) {
    const std::string text = word(what);
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || *end != '\0' || !std::isfinite(value))
      fail(fmt::format("'{}' stands where {} should stand", text, what));
    return value;
  }
  std::int64_t integer(const char* what) {
    const double value = number(what);
    if (value != std::floor(value) || std::abs(value) > 9e15)
      fail(fmt::format("{} is no whole number: {} should stand here", value, what));
    return static_cast<std::int64_t>(value);
  }
  std::int64_t count(const char* what) {
    const std::int64_t value = integer(what);
    if (value < 0 || static_cast<std::size_t>(value) > text_.size())
      fail(fmt::format("{} = {} cannot be: the file is too short for it", what, value));
    return value;
  }
  void close(const std::string& section) {
    const std::string end = word("the end of a section");
    if (end != "$End" + section)
      fail(fmt::format("'{}' stands where $End{} should stand: the numbers of this section do not add up", end,
                       section));
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) line_ += text_[at_++] == '\n' ? 1 : 0;
  }
  const std::string& text_;
  std::string name_;
  std::size_t at_ = 0;
  int line_ = 1;
};

struct Part {
  std::vector<std::int64_t> physical;  // tags of the groups it is in; empty: none
  std::vector<std::int64_t> nodes;
  int line;
};

struct Contents {
  std::map<std::pair<int, std::int64_t>, std::string> names;                   // dimension, physical tag
  std::map<std::pair<int, std::int64_t>, std::vector<std::int64_t>> physical;  // of an entity: dimension, tag (4.1)
  std::vector<std::int64_t> node_tags;
  std::vector<std::array<double, 3>> nodes;
  std::vector<Part> parts[4];  // by dimension
};

// Dimension of a first-order simplex by Gmsh's type.
int dimension_of(std::int64_t type, const Words& words) {
  switch (type) {
    case 15:
      return 0;
    case 1:
      return 1;
    case 2:
      return 2;
    case 4:
      return 3;
    case 8:
    case 9:
    case 11:
      words.fail("an element of second order: mesh with Mesh.ElementOrder = 1");
    case 3:
    case 5:
    case 6:
    case 7:
      words.fail("a quadrilateral, hexahedron, prism or pyramid: only triangles and tetrahedra are read");
    default:
      words.fail(fmt::format("element type {} is not known: only triangles and tetrahedra are read", type));
  }
}

void read_nodes(Words& words, int version, Contents& out) {
  const auto add = [&](std::int64_t tag) {
    out.node_tags.push_back(tag);
    out.nodes.emplace_back();
    for (double& x : out.nodes.back()) x = words.number("a coordinate");
  };
  const std::int64_t blocks = words.count("a number of nodes");
  if (version == 2) {
    for (std::int64_t k = 0; k < blocks; ++k) add(words.integer("the number of a node"));
    return;
  }
  for (int i = 0; i < 3; ++i) words.integer("the head of $Nodes");
  for (std::int64_t b = 0; b < blocks; ++b) {
    words.integer("an entity's dimension"), words.integer("an entity's tag");
    if (words.integer("0 or 1") != 0) words.fail("parametric coordinates are not read: set Mesh.SaveParametric = 0");
    std::vector<std::int64_t> tags(static_cast<std::size_t>(words.count("a number of nodes")));
    for (std::int64_t& tag : tags) tag = words.integer("the number of a node");
    for (const std::int64_t tag : tags) add(tag);
  }
}

void read_part(Words& words, int dimension, std::vector<std::int64_t> physical, Contents& out) {
  Part part{std::move(physical), {}, words.line()};
  for (int c = 0; c <= dimension; ++c) part.nodes.push_back(words.integer("the number of a node"));
  out.parts[dimension].push_back(std::move(part));
}

void read_elements(Words& words, int version, Contents& out) {
  const std::int64_t blocks = words.count("a number of elements");
  if (version == 2) {
    for (std::int64_t k = 0; k < blocks; ++k) {
      words.integer("the number of an element");
      const int dimension = dimension_of(words.integer("an element type"), words);
      const std::int64_t tags = words.count("a number of tags");
      std::vector<std::int64_t> physical;
      for (std::int64_t t = 0; t < tags; ++t) {
        const std::int64_t tag = words.integer("a tag");
        if (t == 0 && tag != 0) physical = {tag};
      }
      read_part(words, dimension, std::move(physical), out);
    }
    return;
  }
  for (int i = 0; i < 3; ++i) words.integer("the head of $Elements");
  for (std::int64_t b = 0; b < blocks; ++b) {
    const auto entity_dimension = static_cast<int>(words.integer("an entity's dimension"));
    const std::int64_t entity = words.integer("an entity's tag");
    const int dimension = dimension_of(words.integer("an element type"), words);
    const std::vector<std::int64_t>& physical = out.physical[{entity_dimension, entity}];
    const std::int64_t count = words.count("a number of elements");
    for (std::int64_t k = 0; k < count; ++k) {
      words.integer("the number of an element");
      read_part(words, dimension, physical, out);
    }
  }
}

void read_entities(Words& words, Contents& out) {
  std::int64_t counts[4];
  for (std::int64_t& count : counts) count = words.count("a number of entities");
  for (int dimension = 0; dimension < 4; ++dimension)
    for (std::int64_t k = 0; k < counts[dimension]; ++k) {
      const std::int64_t tag = words.integer("an entity's tag");
      for (int i = 0; i < (dimension == 0 ? 3 : 6); ++i) words.number("a coordinate");
      const std::int64_t tags = words.count("a number of physical tags");
      for (std::int64_t t = 0; t < tags; ++t) {
        out.physical[{dimension, tag}].push_back(words.integer("a physical tag"));
      }
      if (dimension == 0) continue;
      const std::int64_t bounding = words.count("a number of bounding entities");
      for (std::int64_t t = 0; t < bounding; ++t) words.integer("the tag of a bounding entity");
    }
}

void read_names(Words& words, Contents& out) {
  const std::int64_t count = words.count("a number of names");
  for (std::int64_t k = 0; k < count; ++k) {
    const auto dimension = static_cast<int>(words.integer("a dimension"));
    const std::int64_t tag = words.integer("a physical tag");
    out.names[{dimension, std::abs(tag)}] = words.word("a name");
  }
}

int read_format(Words& words) {
  if (words.is_at_end() || words.word("$MeshFormat") != "$MeshFormat")
    words.fail("this is no mesh of Gmsh: it does not begin with $MeshFormat");
  const double version = words.number("the version of the format");
  const bool is_new = version == 4.1;
  if (!is_new && version != 2.2 && version != 2.1 && version != 2.0)
    words.fail(fmt::format("format {} is not read: save as MSH 2.2 or 4.1", version));
  if (words.integer("0 or 1") != 0) words.fail("the mesh is binary: save it as ASCII (Mesh.Binary = 0)");
  words.integer("the size of a number");
  words.close("MeshFormat");
  return is_new ? 4 : 2;
}

Contents read_contents(Words& words) {
  const int version = read_format(words);
  Contents out;
  while (!words.is_at_end()) {
    const std::string head = words.word("a section");
    if (head.size() < 2 || head[0] != '$') words.fail(fmt::format("'{}' stands where a section should begin", head));
    const std::string section = head.substr(1);
    if (section == "PhysicalNames") {
      read_names(words, out);
    } else if (section == "Nodes") {
      read_nodes(words, version, out);
    } else if (section == "Elements") {
      read_elements(words, version, out);
    } else if (section == "Entities" && version == 4) {
      read_entities(words, out);
    } else {  // data and periodicity are of no use here
      while (words.word(("$End" + section).c_str()) != "$End" + section) {
      }
      continue;
    }
    words.close(section);
  }
  return out;
}

// Index of the group or side in `names`, which grows.
int index_of(const Contents& in, int dimension, std::int64_t physical, std::vector<std::string>& names) {
  const auto found = in.names.find({dimension, std::abs(physical)});
  std::string name = physical == 0 ? "unnamed" : std::to_string(std::abs(physical));
  if (found != in.names.end()) name = found->second;
  const auto at = std::find(names.begin(), names.end(), name);
  if (at != names.end()) return static_cast<int>(at - names.begin());
  names.push_back(name);
  return static_cast<int>(names.size()) - 1;
}

// Nodes of the elements, numbered in the order of the file.
class Numbers {
 public:
  Numbers(const Contents& in, int dimension, const Words& words) {
    for (std::size_t k = 0; k < in.nodes.size(); ++k) place_[in.node_tags[k]] = static_cast<int>(k);
    std::vector<char> is_used(in.nodes.size(), 0);
    for (const Part& part : in.parts[dimension])
      for (const std::int64_t tag : part.nodes) is_used[static_cast<std::size_t>(place(tag, part.line, words))] = 1;
    for (const char used : is_used) number_.push_back(used ? count_++ : -1);
  }
  int operator()(std::int64_t tag, int line, const Words& words) const {
    const int number = number_[static_cast<std::size_t>(place(tag, line, words))];
    if (number < 0) words.fail_at(line, fmt::format("node {} of this side belongs to no element", tag));
    return number;
  }
  bool is_used(std::size_t k) const { return number_[k] >= 0; }

 private:
  int place(std::int64_t tag, int line, const Words& words) const {
    const auto found = place_.find(tag);
    if (found == place_.end()) words.fail_at(line, fmt::format("there is no node {}", tag));
    return found->second;
  }
  std::unordered_map<std::int64_t, int> place_;
  std::vector<int> number_;
  int count_ = 0;
};

}  // namespace

Mesh read_gmsh(const std::string& text, const std::string& name) {
  Words words(text, name);
  const Contents in = read_contents(words);
  Mesh mesh;
  mesh.dimension = in.parts[3].empty() ? 2 : 3;
  if (in.parts[mesh.dimension].empty()) words.fail("the mesh has no triangles or tetrahedra");
  const Numbers number(in, mesh.dimension, words);
  const double* z = nullptr;
  for (std::size_t k = 0; k < in.nodes.size(); ++k) {
    if (!number.is_used(k)) continue;
    const std::array<double, 3>& x = in.nodes[k];
    mesh.points.insert(mesh.points.end(), x.begin(), x.begin() + mesh.dimension);
    if (z == nullptr) z = &x[2];
    if (mesh.dimension == 2 && x[2] != *z)
      words.fail(
          fmt::format("the triangles do not lie in a plane z = {}: node {} has z = {}", *z, in.node_tags[k], x[2]));
  }
  std::vector<int> facet_lines;
  for (const Part& part : in.parts[mesh.dimension]) {
    for (const std::int64_t tag : part.nodes) mesh.elements.push_back(number(tag, part.line, words));
    if (part.physical.size() > 1)
      words.fail_at(part.line, "an element in several physical groups: coefficients take their value from one group");
    mesh.element_group.push_back(
        index_of(in, mesh.dimension, part.physical.empty() ? 0 : part.physical.front(), mesh.groups));
  }
  for (const Part& part : in.parts[mesh.dimension - 1]) {
    for (const std::int64_t physical : part.physical) {  // a facet of each side that it is in
      for (const std::int64_t tag : part.nodes) mesh.facets.push_back(number(tag, part.line, words));
      mesh.facet_side.push_back(index_of(in, mesh.dimension - 1, physical, mesh.sides));
      facet_lines.push_back(part.line);
    }
  }
  try {
    finish(mesh);
  } catch (const MeshFault& fault) {
    const int line = fault.element >= 0 ? in.parts[mesh.dimension][static_cast<std::size_t>(fault.element)].line
                                        : facet_lines[static_cast<std::size_t>(fault.facet)];
    words.fail_at(line, fault.what());
  }
  return mesh;
}

}  // namespace aleator::field
