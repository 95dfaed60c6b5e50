#include "math/expression/scalar_program.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>

#include "core/error.hpp"
#include "math/expression/operations.hpp"

namespace aleator::math {
namespace {

using kernels::Doubles;
using kernels::load_vector;
using kernels::store_vector;
constexpr int width = ScalarProgram::width, lanes = kernels::vector_lanes;

template <typename Work>
inline void each_vector(const Work& work) {
  for (int at = 0; at < width; at += lanes) work(at);
}

inline Doubles get(const double* from) { return load_vector<lanes>(from); }
inline void put(const Doubles& x, double* to) { store_vector<lanes>(x, to); }

// to += g slope; nothing flows where g is 0.
inline void flow(const double* g, const double* slope, double* to) {
  each_vector([=](int at) {
    const Doubles weight = get(g + at);
    put(kernels::fused(weight, weight == 0.0 ? Doubles{} : get(slope + at), get(to + at)), to + at);
  });
}

struct Repeated {
  alignas(64) double number[width];
  explicit constexpr Repeated(double value) : number{} {
    for (double& x : number) x = value;
  }
};
const Repeated ones(1.0), minus_ones(-1.0), zeros(0.0);

}  // namespace

// Takes the arrays of a tape apart.
class ScalarCompiler {
 public:
  ScalarCompiler(const Tape& tape, const std::vector<int>& parts) : tape_(tape), entries_(tape.slots_.size()) {
    for (int part = 0; part < static_cast<int>(parts.size()); ++part)
      for (int k = 0; k < parts[static_cast<std::size_t>(part)]; ++k)
        columns_.push_back({ScalarProgram::input_base + part, k});
    program_.parts_ = static_cast<int>(parts.size());
    ALEATOR_ASSERT(ScalarProgram::input_base + program_.parts_ <= ScalarProgram::Bases<double*>::most);
  }

  std::shared_ptr<const ScalarProgram> compile() {
    constexpr std::size_t most_steps = 1024;
    std::size_t numbers = 0;
    for (const Instruction& in : tape_.program_)
      for (const int slot : in.operands) numbers += static_cast<std::size_t>(tape_.size(slot));
    if (numbers > 4 * most_steps) return nullptr;  // before the work is done
    for (const Instruction& in : tape_.program_)
      if (!expand(in) || program_.steps_.size() > most_steps) return nullptr;
    program_.results_ = of(tape_.result_);
    return std::make_shared<const ScalarProgram>(std::move(program_));
  }

 private:
  using Kind = ScalarProgram::Kind;
  using Place = ScalarProgram::Place;
  using Places = std::vector<Place>;

  Place constant(double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    const auto [found, is_new] = constants_.insert({bits, static_cast<int>(program_.constants_.size())});
    if (is_new) {
      ScalarProgram::Line line{};
      std::fill_n(line.number, width, value);
      program_.constants_.push_back(line);
    }
    return {ScalarProgram::constant_base, found->second};
  }

  // The entries of a slot.
  const Places& of(int slot) {
    Places& places = entries_[static_cast<std::size_t>(slot)];
    if (places.empty() && tape_.is_constant(slot))
      for (const double value : tape_.values_of(slot)) places.push_back(constant(value));
    return places;
  }
  Place of(int slot, int entry) {
    const Places& places = of(slot);
    return places[places.size() == 1 ? 0 : static_cast<std::size_t>(entry)];
  }

  Place step(Kind kind, Code code, Place a, Place b, Place c) {
    const auto [found, is_new] =
        made_.insert({std::make_tuple(kind, code, a, b, c), static_cast<int>(program_.steps_.size())});
    if (is_new) program_.steps_.push_back({kind, code, a, b, c});
    return {ScalarProgram::step_base, found->second};
  }
  Place unary(Code code, Place a) {
    const Kind kind = code == Code::negate ? Kind::negate : code == Code::square ? Kind::square : Kind::unary;
    return step(kind, code, a, a, a);
  }
  Place binary(Code code, Place a, Place b) {
    const Kind kind = code == Code::add        ? Kind::add
                      : code == Code::subtract ? Kind::subtract
                      : code == Code::multiply ? Kind::multiply
                      : code == Code::divide   ? Kind::divide
                                               : Kind::binary;
    return step(kind, code, a, b, a);
  }
  Place fused(Place a, Place b, Place c) { return step(Kind::fused, Code::sum_of_products, a, b, c); }
  Place sum(Place before, Place more) { return binary(Code::add, before, more); }

  // sum + sign a b, with the bits of fma(sign a, b, sum)
  Place plus_product(Place before, Place a, Place b, int sign) {
    if (b == constant(1.0)) return binary(sign > 0 ? Code::add : Code::subtract, before, a);
    return sign > 0 ? fused(a, b, before) : step(Kind::fused_minus, Code::sum_of_products, a, b, before);
  }

  bool expand(const Instruction& in) {
    Places out;
    const int size = tape_.size(in.out);
    const auto each = [&](const auto& make) {
      for (int i = 0; i < size; ++i) out.push_back(make(i));
    };
    const Place zero = constant(0.0);
    switch (in.code) {
      case Code::input:
        each([&](int i) { return columns_[static_cast<std::size_t>(in.places[0] + i)]; });
        break;
      case Code::gather:
        each([&](int i) {
          return of(in.operands[0])[static_cast<std::size_t>(in.places[static_cast<std::size_t>(i)])];
        });
        break;
      case Code::join:
        for (const int slot : in.operands) {
          const Places& more = of(slot);
          out.insert(out.end(), more.begin(), more.end());
        }
        break;
      case Code::sum: {
        Place total = zero;
        for (const Place& one : of(in.operands[0])) total = sum(total, one);
        out.push_back(total);
        break;
      }
      case Code::group_sum:
        out.assign(static_cast<std::size_t>(size), zero);
        for (std::size_t i = 0; i < in.places.size(); ++i) {
          Place& total = out[static_cast<std::size_t>(in.places[i])];
          total = sum(total, of(in.operands[0])[i]);
        }
        break;
      case Code::matrix_product: {
        const int length = tape_.size(in.operands[1]);
        each([&](int i) {
          Place total = zero;
          for (int j = 0; j < length; ++j)
            total = fused(of(in.operands[0], in.places[0] == 0 ? i * length + j : j * size + i), of(in.operands[1], j),
                          total);
          return total;
        });
        break;
      }
      case Code::recurrence: {
        Place before = of(in.operands[2], 0);
        each([&](int i) { return before = fused(of(in.operands[0], i), before, of(in.operands[1], i)); });
        break;
      }
      case Code::sum_of_products:
        each([&](int i) {
          Place total = zero;
          for (std::size_t t = 0; t < in.places.size(); ++t)
            total = plus_product(total, of(in.operands[2 * t], i), of(in.operands[2 * t + 1], i), in.places[t]);
          return total;
        });
        break;
      case Code::select:
        each([&](int i) {
          return step(Kind::select, in.code, of(in.operands[0], i), of(in.operands[1], i), of(in.operands[2], i));
        });
        break;
      case Code::log_sum_exp:
      case Code::normal_form:
      case Code::cholesky:
        return false;
      default:
        each([&](int i) {
          return in.operands.size() == 1 ? unary(in.code, of(in.operands[0], i))
                                         : binary(in.code, of(in.operands[0], i), of(in.operands[1], i));
        });
    }
    entries_[static_cast<std::size_t>(in.out)] = std::move(out);
    return true;
  }

  const Tape& tape_;
  ScalarProgram program_;
  Places columns_;
  std::vector<Places> entries_;  // of the slots
  std::map<std::uint64_t, int> constants_;
  std::map<std::tuple<Kind, Code, Place, Place, Place>, int> made_;
};

std::shared_ptr<const ScalarProgram> ScalarProgram::of(const Tape& tape, const std::vector<int>& parts) {
  return ScalarCompiler(tape, parts).compile();
}

template <typename Pointer>
ScalarProgram::Bases<Pointer> ScalarProgram::bases(Pointer steps, Pointer constants, const Pointer* inputs) const {
  Bases<Pointer> all{};
  all.at[step_base] = steps, all.at[constant_base] = constants;
  std::copy_n(inputs, parts_, all.at + input_base);
  return all;
}

void ScalarProgram::run(In inputs, double* y, Workspace& w) const {
  w.values.resize(steps_.size() + 1);
  double* out = w.values.data()->number;
  const auto place = bases<const double*>(out, constants_.data()->number, inputs);
  for (const Step& s : steps_) {
    const double *const a = place(s.a), *const b = place(s.b), *const c = place(s.c);
    switch (s.kind) {
      case Kind::add:
        each_vector([=](int at) { put(get(a + at) + get(b + at), out + at); });
        break;
      case Kind::subtract:
        each_vector([=](int at) { put(get(a + at) - get(b + at), out + at); });
        break;
      case Kind::multiply:
        each_vector([=](int at) { put(get(a + at) * get(b + at), out + at); });
        break;
      case Kind::divide:
        each_vector([=](int at) { put(get(a + at) / get(b + at), out + at); });
        break;
      case Kind::negate:
        each_vector([=](int at) { put(-get(a + at), out + at); });
        break;
      case Kind::square:
        each_vector([=](int at) { put(get(a + at) * get(a + at), out + at); });
        break;
      case Kind::fused:
        each_vector([=](int at) { put(kernels::fused(get(a + at), get(b + at), get(c + at)), out + at); });
        break;
      case Kind::fused_minus:
        each_vector([=](int at) { put(kernels::fused(-get(a + at), get(b + at), get(c + at)), out + at); });
        break;
      case Kind::unary:
        operations::with_unary(s.code,
                               [=](auto operation) { operations::values_of<decltype(operation)>(a, width, out); });
        break;
      case Kind::binary:
        operations::with_binary(s.code, [=](auto operation) {
          for (int lane = 0; lane < width; ++lane) out[lane] = decltype(operation)::value(a[lane], b[lane]);
        });
        break;
      case Kind::select:
        for (int lane = 0; lane < width; ++lane) out[lane] = a[lane] != 0.0 ? b[lane] : c[lane];
    }
    out += width;
  }
  for (std::size_t i = 0; y != nullptr && i < results_.size(); ++i) y = std::copy_n(place(results_[i]), width, y);
}

// use(k, dy/d(operand k)) for the operands that are wanted; of all steps but select.
template <typename Wanted, typename Use>
void ScalarProgram::with_slopes(const Step& s, const double* const* operands, const double* y, const Wanted& is_wanted,
                                const Use& use) {
  const double *const a = operands[0], *const b = operands[1];
  alignas(64) double slopes[width] = {};
  const auto use_vectors = [&](int k, const auto& slope) {
    if (!is_wanted(k)) return;
    each_vector([&](int at) { put(slope(at), slopes + at); });
    use(k, slopes);
  };
  const auto use_numbers = [&](int k, const double* numbers) {
    if (is_wanted(k)) use(k, numbers);
  };
  switch (s.kind) {
    case Kind::add:
    case Kind::subtract:
      use_numbers(0, ones.number);
      use_numbers(1, s.kind == Kind::add ? ones.number : minus_ones.number);
      return;
    case Kind::multiply:
      use_numbers(0, b);
      use_numbers(1, a);
      return;
    case Kind::divide:
      use_vectors(0, [=](int at) { return 1.0 / get(b + at); });
      use_vectors(1, [=](int at) { return -get(y + at) / get(b + at); });
      return;
    case Kind::fused:
      use_numbers(0, b);
      use_numbers(1, a);
      use_numbers(2, ones.number);
      return;
    case Kind::fused_minus:
      use_vectors(0, [=](int at) { return -get(b + at); });
      use_vectors(1, [=](int at) { return -get(a + at); });
      use_numbers(2, ones.number);
      return;
    case Kind::negate:
      use_numbers(0, minus_ones.number);
      return;
    case Kind::square:
      use_vectors(0, [=](int at) { return 2.0 * get(a + at); });
      return;
    case Kind::unary:
      if (!is_wanted(0)) return;
      operations::with_unary(s.code, [&](auto operation) {
        operations::for_slopes<decltype(operation)>(a, y, width, [&](int lane, double slope) { slopes[lane] = slope; });
      });
      use(0, slopes);
      return;
    case Kind::binary:
      operations::with_binary(s.code, [&](auto operation) {
        using Operation = decltype(operation);
        if (is_wanted(0)) {
          for (int lane = 0; lane < width; ++lane) slopes[lane] = Operation::left(a[lane], b[lane], y[lane]);
          use(0, slopes);
        }
        if (is_wanted(1)) {
          for (int lane = 0; lane < width; ++lane) slopes[lane] = Operation::right(a[lane], b[lane], y[lane]);
          use(1, slopes);
        }
      });
      return;
    case Kind::select:
      return;
  }
}

void ScalarProgram::pull_back(In inputs, const double* dy, Out gradients, Workspace& w) const {
  w.flows.resize(steps_.size() + 1);
  std::fill(w.flows.begin(), w.flows.end(), Line{});
  const auto place = bases<const double*>(w.values.data()->number, constants_.data()->number, inputs);
  const auto gradient = bases<double*>(w.flows.data()->number, nullptr, gradients);
  for (const Place& result : results_) {
    if (double* const to = gradient(result); to != nullptr)
      each_vector([=](int at) { put(get(to + at) + get(dy + at), to + at); });
    dy += width;
  }
  for (std::size_t k = steps_.size(); k-- > 0;) {
    const Step& s = steps_[k];
    const double* const operands[] = {place(s.a), place(s.b), place(s.c)};
    double* const to[] = {gradient(s.a), gradient(s.b), gradient(s.c)};
    const double *const g = w.flows[k].number, *const y = w.values[k].number;
    if (s.kind == Kind::select) {
      for (int lane = 0; lane < width; ++lane)
        if (double* const taken = to[operands[0][lane] != 0.0 ? 1 : 2]; taken != nullptr) taken[lane] += g[lane];
      continue;
    }
    with_slopes(
        s, operands, y, [&](int i) { return to[i] != nullptr; },
        [&](int i, const double* slopes) { flow(g, slopes, to[i]); });
  }
}

void ScalarProgram::push_forward(In inputs, In directions, double* dy, Workspace& w) const {
  w.flows.resize(steps_.size() + 1);
  double* out = w.flows.data()->number;
  const double* y = w.values.data()->number;
  const auto place = bases<const double*>(y, constants_.data()->number, inputs);
  const auto tangent = bases<const double*>(out, nullptr, directions);
  const auto tangent_or_zero = [&](const Place& at) {
    const double* const found = tangent(at);
    return found == nullptr ? zeros.number : found;
  };
  for (const Step& s : steps_) {
    const double* const operands[] = {place(s.a), place(s.b), place(s.c)};
    const double* const from[] = {tangent(s.a), tangent(s.b), tangent(s.c)};
    if (s.kind == Kind::select) {
      const double *const b = tangent_or_zero(s.b), *const c = tangent_or_zero(s.c);
      for (int lane = 0; lane < width; ++lane) out[lane] = operands[0][lane] != 0.0 ? b[lane] : c[lane];
    } else {
      std::fill_n(out, width, 0.0);
      with_slopes(
          s, operands, y, [&](int i) { return from[i] != nullptr; },
          [&](int i, const double* slopes) { flow(from[i], slopes, out); });
    }
    out += width, y += width;
  }
  for (const Place& result : results_) dy = std::copy_n(tangent_or_zero(result), width, dy);
}

}  // namespace aleator::math
