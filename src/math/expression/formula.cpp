#include "math/expression/formula.hpp"

#include <algorithm>

#include "math/expression/compiler.hpp"

namespace aleator::math {
namespace {

using Text = FormulaError::Text;

// Whatever is wrong in `work` is wrong in this entry of this text.
template <typename Work>
void in_text(Text text, std::size_t entry, const Work& work) {
  try {
    work();
  } catch (const ExpressionError& error) {
    throw FormulaError(text, static_cast<int>(entry), error);
  }
}

// "mu" or "theta[8]"
NamedArray parse_parameter(const std::string& text) {
  const Syntax s = parse_formula(text);
  if (s.kind == Syntax::Kind::name) return {s.text, 1, {}};
  const bool is_sized =
      s.kind == Syntax::Kind::index && s.parts[0].kind == Syntax::Kind::name && s.parts[1].kind == Syntax::Kind::number;
  if (!is_sized) throw ExpressionError(s.at, "a parameter is a name, or a name with its size as in theta[8]");
  const double size = s.parts[1].number;
  if (!(size >= 1.0) || size > 1e7 || size != static_cast<int>(size))
    throw ExpressionError(s.parts[1].at, "the size of a parameter is a whole number from 1");
  return {s.parts[0].text, static_cast<int>(size), {}};
}

// "name = formula" or "formula"; a comparison "a == b" is a formula.
Definition parse_result(const std::string& text) {
  const std::size_t equals = text.find('=');
  const bool has_name = equals != std::string::npos && equals > 0 && text.substr(equals, 2) != "==" &&
                        std::string("<>!").find(text[equals - 1]) == std::string::npos;
  if (!has_name) return {"", 0, parse_formula(text), {}};
  std::vector<Definition> one = parse_definitions(text);
  if (one.size() != 1) throw ExpressionError(one.back().at, "one formula is wanted, not several");
  return std::move(one.front());
}

// Rows of a batch side by side, as a ScalarProgram takes them; places past the last row repeat it.
constexpr int side_by_side = ScalarProgram::width;

void load(const kernels::ConstBatch& rows, int first, int count, std::vector<double>& to) {
  const int columns = static_cast<int>(rows.extent(1));
  to.resize(static_cast<std::size_t>(columns) * side_by_side);
  for (int place = 0; place < side_by_side; ++place) {
    const double* const row = &rows(first + std::min(place, count - 1), 0);
    for (int k = 0; k < columns; ++k) to[static_cast<std::size_t>(k * side_by_side + place)] = row[k];
  }
}

void store(const std::vector<double>& from, const kernels::Batch& rows, int first, int count) {
  for (int place = 0; place < count; ++place)
    for (int k = 0; k < static_cast<int>(rows.extent(1)); ++k)
      rows(first + place, k) = from[static_cast<std::size_t>(k * side_by_side + place)];
}

// work(first row, rows of the tile)
template <typename Work>
void for_each_tile(int rows, int at_once, const Work& work) {
  kernels::for_each_row((rows + at_once - 1) / at_once,
                        [=, &work](int tile) { work(tile * at_once, std::min(at_once, rows - tile * at_once)); });
}

struct SideBySide {
  std::vector<double> u, y, du, dy;
  ScalarProgram::Workspace work;
  void run(const ScalarProgram& program, const kernels::ConstBatch& rows, int first, int count, int outputs) {
    load(rows, first, count, u);
    y.resize(static_cast<std::size_t>(outputs) * side_by_side);
    const double* const in[] = {u.data()};
    program.run(in, y.data(), work);
  }
};
SideBySide& side_by_side_of_thread() {
  thread_local SideBySide s;
  return s;
}

// Rows of a batch, tile by tile; a tile that is not full repeats its last row, whose results go nowhere else.
struct Lanes {
  const double* u[Tape::lanes];
  double* y[Tape::lanes];
  const double* dy[Tape::lanes];
  double* du[Tape::lanes];
};

}  // namespace

Formula::Formula(const FormulaText& text) {
  Compiler compiler(tape_);
  std::vector<int> inputs;
  for (std::size_t k = 0; k < text.parameters.size(); ++k)
    in_text(Text::parameters, k, [&] {
      parameters_.push_back(parse_parameter(text.parameters[k]));
      inputs.push_back(tape_.input(inputs_, parameters_.back().size));
      const bool is_time = text.has_time && k + 1 == text.parameters.size();
      compiler.define(parameters_.back().name, inputs.back(), 0,
                      is_time ? "the time, and reserved" : "a parameter already");
      inputs_ += parameters_.back().size;
    });
  for (const NamedArray& array : text.data)
    in_text(Text::definitions, 0,
            [&] { compiler.define(array.name, tape_.constant(array.values), 0, "a column of the data already"); });
  for (std::size_t k = 0; k < text.definitions.size(); ++k)
    in_text(Text::definitions, k, [&] {
      for (const Definition& definition : parse_definitions(text.definitions[k]))
        if (definition.arguments.empty())
          compiler.define(definition.name, compiler.compile(definition.value), definition.at);
        else
          compiler.define_function(definition);
    });
  std::vector<int> slots;
  for (std::size_t k = 0; k < text.results.size(); ++k)
    in_text(Text::results, k, [&] {
      const Definition result = parse_result(text.results[k]);
      slots.push_back(compiler.compile(result.value));
      results_.push_back({result.name, tape_.size(slots.back()), {}});
    });
  tape_.finish(slots.size() == 1 ? slots[0] : tape_.join(slots));
  take_apart();
  for (std::size_t k = 0; k < inputs.size(); ++k)
    if (!tape_.is_needed(inputs[k])) unused_.push_back(parameters_[k].name);
}

Formula Formula::only(const std::vector<int>& outputs) const {
  Formula part;
  part.parameters_ = parameters_, part.inputs_ = inputs_;
  part.tape_ = tape_.only(outputs);
  part.take_apart();
  return part;
}

// Where arrays are long the tape fills the registers with their entries, and few rows cost less.
void Formula::take_apart() {
  if (tape_.width() == Tape::lanes) program_ = ScalarProgram::of(tape_, {inputs_});
}

void Formula::evaluate(kernels::ConstBatch u, kernels::Batch y) const {
  if (program_ != nullptr)
    return for_each_tile(static_cast<int>(u.extent(0)), side_by_side, [&](int first, int count) {
      SideBySide& s = side_by_side_of_thread();
      s.run(*program_, u, first, count, outputs());
      store(s.y, y, first, count);
    });
  const int rows = static_cast<int>(u.extent(0)), width = tape_.width(), p = outputs();
  kernels::for_each_row((rows + width - 1) / width, [=](int tile) {
    thread_local Tape::Workspace w;
    thread_local std::vector<double> spare;  // results of the lanes that repeat a row
    spare.resize(static_cast<std::size_t>(p));
    Lanes at{};
    for (int lane = 0; lane < width; ++lane) {
      const int row = tile * width + lane;
      at.u[lane] = &u(std::min(row, rows - 1), 0);
      at.y[lane] = row < rows ? &y(row, 0) : spare.data();
    }
    tape_.run(at.u, at.y, w);
  });
}

void Formula::evaluate_and_pullback(kernels::ConstBatch u, kernels::Batch y, const Cotangent& cotangent,
                                    kernels::Batch du) const {
  if (program_ != nullptr)
    return for_each_tile(static_cast<int>(u.extent(0)), side_by_side, [&](int first, int count) {
      SideBySide& s = side_by_side_of_thread();
      s.run(*program_, u, first, count, outputs());
      store(s.y, y, first, count);
      const kernels::Batch slopes(Kokkos::view_alloc("slopes", Kokkos::WithoutInitializing), count, outputs());
      cotangent(first, Kokkos::subview(kernels::ConstBatch(y), Kokkos::make_pair(first, first + count), Kokkos::ALL),
                slopes);
      load(slopes, 0, count, s.dy);
      s.du.assign(static_cast<std::size_t>(inputs_) * side_by_side, 0.0);
      const double* const in[] = {s.u.data()};
      double* const gradient[] = {s.du.data()};
      program_->pull_back(in, s.dy.data(), gradient, s.work);
      store(s.du, du, first, count);
    });
  const int rows = static_cast<int>(u.extent(0)), width = tape_.width(), p = outputs(), d = inputs_;
  kernels::for_each_row((rows + width - 1) / width, [=, &cotangent](int tile) {
    thread_local Tape::Workspace w;
    thread_local std::vector<double> slopes, spare;
    slopes.resize(static_cast<std::size_t>(width) * p), spare.resize(static_cast<std::size_t>(std::max(p, d)));
    const int first = tile * width, count = std::min(width, rows - first);
    Lanes at{};
    for (int lane = 0; lane < width; ++lane) {
      const int row = std::min(first + lane, rows - 1);
      at.u[lane] = &u(row, 0);
      at.y[lane] = lane < count ? &y(row, 0) : spare.data();
      at.dy[lane] = slopes.data() + static_cast<std::ptrdiff_t>(std::min(lane, count - 1)) * p;
      at.du[lane] = lane < count ? &du(row, 0) : spare.data();
    }
    tape_.run(at.u, at.y, w);
    cotangent(first, Kokkos::subview(kernels::ConstBatch(y), Kokkos::make_pair(first, first + count), Kokkos::ALL),
              kernels::Batch(slopes.data(), static_cast<std::size_t>(count), static_cast<std::size_t>(p)));
    tape_.pull_back(at.dy, d, at.du, w);
  });
}

void Formula::evaluate_and_pushforward(kernels::ConstBatch u, kernels::ConstBatch du, kernels::Batch y,
                                       kernels::Batch dy) const {
  if (program_ != nullptr)
    return for_each_tile(static_cast<int>(u.extent(0)), side_by_side, [&](int first, int count) {
      SideBySide& s = side_by_side_of_thread();
      s.run(*program_, u, first, count, outputs());
      store(s.y, y, first, count);
      load(du, first, count, s.du);
      s.dy.resize(s.y.size());
      const double *const in[] = {s.u.data()}, *const directions[] = {s.du.data()};
      program_->push_forward(in, directions, s.dy.data(), s.work);
      store(s.dy, dy, first, count);
    });
  const int rows = static_cast<int>(u.extent(0)), width = tape_.width(), p = outputs();
  kernels::for_each_row((rows + width - 1) / width, [=](int tile) {
    thread_local Tape::Workspace w;
    thread_local std::vector<double> spare;
    spare.resize(static_cast<std::size_t>(p));
    const double *at_u[Tape::lanes], *at_du[Tape::lanes];
    double *at_y[Tape::lanes], *at_dy[Tape::lanes];
    for (int lane = 0; lane < width; ++lane) {
      const int row = tile * width + lane;
      at_u[lane] = &u(std::min(row, rows - 1), 0), at_du[lane] = &du(std::min(row, rows - 1), 0);
      at_y[lane] = row < rows ? &y(row, 0) : spare.data(), at_dy[lane] = row < rows ? &dy(row, 0) : spare.data();
    }
    tape_.run(at_u, at_y, w);
    tape_.push_forward(at_du, at_dy, w);
  });
}

}  // namespace aleator::math
