#include "pde/fem/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "deck/diagnostics.hpp"
#include "field/mesh/partition.hpp"

namespace aleator::pde::fem {

using model::Batch;
using model::ConstBatch;
using model::Cotangent;
using model::RowStatus;

namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

math::SparseSolver::Settings settings_of(const Layout& layout, const SolverParams& params) {
  using Method = math::SparseSolver::Method;
  math::SparseSolver::Settings settings;
  settings.tolerance = params.tolerance, settings.max_iterations = params.max_iterations;
  settings.block = layout.fields(), settings.is_symmetric = layout.is_symmetric;
  for (const deck::Named<deck::Word>& option : params.petsc)
    settings.petsc.emplace_back(option.name, option.value.text);
  const int largest = layout.mesh->dimension == 2 ? 300000 : 30000;  // above, factors cost more than iterations
  const bool is_iterative =
      params.solver == Solver::automatic ? layout.unknowns() > largest : params.solver == Solver::iterative;
  const Method direct = layout.is_symmetric && layout.is_definite ? Method::cholesky : Method::lu;
  settings.method = is_iterative && layout.is_definite ? Method::iterative : direct;
  if (is_iterative) settings.near_null_space = layout.near_null_space;
  return settings;
}

bool is_finite(const double* x, std::size_t count) {
  double doubt = 0.0;
  for (std::size_t i = 0; i < count; ++i) doubt += x[i] - x[i];
  return doubt == 0.0;
}

}  // namespace

void Layout::start(std::shared_ptr<const field::Mesh> the_mesh, std::vector<std::string> names) {
  mesh = std::move(the_mesh), field_names = std::move(names);
  is_fixed.assign(static_cast<std::size_t>(unknowns()), 0);
  fixed_values.assign(is_fixed.size(), 0.0), held_by.assign(is_fixed.size(), -1);
}

struct Engine::Work {
  System system;
  math::SparseSolver solver;
  std::size_t n;
  std::vector<double> q, dq, values, u, lambda, right_side, product;  ///< u: of all loads
  std::vector<double> sources, fixed, lifted;  ///< S^T s and g + G^T s, or their derivatives; A of the latter

  Work(const Layout& layout, const SolverParams& params, const parallel::Comm& ranks)
      : system(layout.unknowns(), layout.terms, layout.is_fixed),
        solver(system.solved_pattern(), settings_of(layout, params), ranks,
               field::bisection_order(*layout.mesh, ranks.size())),
        n(layout.is_fixed.size()),
        q(static_cast<std::size_t>(layout.coefficients)),
        dq(q.size()),
        u(n * layout.loads.size()),
        lambda(n),
        right_side(n),
        product(n),
        sources(n),
        fixed(n) {}
};

Engine::Engine(const std::string& name, std::unique_ptr<Equation> equation, const SolverParams& params,
               std::shared_ptr<parallel::ProcessGrid> ranks)
    : equation_(std::move(equation)), params_(params), ranks_(ranks) {
  const Layout& layout = equation_->layout();
  if (ranks != nullptr) ranks->add_model({name, layout.unknowns()});
  ALEATOR_ASSERT(!layout.loads.empty() && !layout.output_names.empty());
  if (layout.input_names.empty())
    throw deck::KeyError("known", "leaves nothing unknown", "leave out the groups that are to be found");
  shape_.input_names = layout.input_names, shape_.inputs = static_cast<int>(layout.input_names.size());
  shape_.input_fields = layout.input_fields;
  for (std::size_t load = 0; load < layout.loads.size(); ++load)
    for (const std::string& name : layout.output_names)
      shape_.output_names.push_back(layout.loads.size() == 1 ? name : fmt::format("{}, load {}", name, load + 1));
  shape_.outputs = static_cast<int>(shape_.output_names.size());
}

Engine::~Engine() = default;

Engine::Work& Engine::work() const {
  if (work_ == nullptr)
    work_ = std::make_unique<Work>(equation_->layout(), params_,
                                   ranks_ == nullptr ? parallel::Comm::self() : ranks_->domain());
  return *work_;
}

template <class RowWork>
RowStatus Engine::for_each_row(Batch y, const RowWork& work) const {
  RowStatus status;
  for (int row = 0; row < static_cast<int>(y.extent(0)); ++row) {
    std::string fault = work(row);
    if (fault.empty()) continue;
    status.failed.push_back({row, std::move(fault)});
    std::fill_n(&y(row, 0), shape_.outputs, undefined);
  }
  return status;
}

std::string Engine::solve(const double* right_side, double* x, Matrix matrix) const {
  std::fill_n(x, work().n, 0.0);
  math::SparseSolver& solver = work().solver;
  math::SparseSolver::Result result =
      matrix == Matrix::plain ? solver.solve(right_side, x) : solver.solve_transposed(right_side, x);
  if (result.fault.empty() && !is_finite(x, work().n)) return "the solution is not finite";
  return std::move(result.fault);
}

std::string Engine::solve_row(const double* theta, double* y) const {
  const Layout& layout = equation_->layout();
  for (int k = 0; k < shape_.inputs; ++k)
    if (!std::isfinite(theta[k]))
      return fmt::format("{} = {} is not finite", shape_.input_names[static_cast<std::size_t>(k)], theta[k]);
  if (std::string fault = equation_->fault(theta); !fault.empty()) return fault;
  Work& w = work();
  equation_->coefficients(theta, w.q.data());
  w.system.assemble(w.q.data());
  w.system.solved_values(w.values);
  w.solver.allow(allowed(params_.max_iterations));
  if (std::string fault = w.solver.set_values(w.values.data()); !fault.empty()) return fault;
  const double* const s = w.q.data() + layout.first_source;
  w.fixed = layout.fixed_values;
  layout.imposed.add_transposed(s, w.fixed.data());
  w.system.multiply(w.fixed.data(), w.product.data());
  std::fill(w.sources.begin(), w.sources.end(), 0.0);
  layout.sources.add_transposed(s, w.sources.data());
  for (std::size_t load = 0; load < layout.loads.size(); ++load) {
    const std::vector<double>& b = layout.loads[load];
    for (std::size_t i = 0; i < w.n; ++i)
      w.right_side[i] =
          layout.is_fixed[i] ? w.fixed[i] * w.system.diagonal(static_cast<int>(i)) : b[i] + w.sources[i] - w.product[i];
    double* const u = &w.u[load * w.n];
    if (std::string fault = solve(w.right_side.data(), u); !fault.empty()) return fault;
    if (y == nullptr) continue;
    layout.observed.apply(u, y);
    y += layout.observed.rows();
    if (layout.reactions.rows() == 0) continue;
    w.system.multiply(u, w.lambda.data());
    for (std::size_t i = 0; i < w.n; ++i) w.lambda[i] -= b[i] + w.sources[i];
    layout.reactions.apply(w.lambda.data(), y);
    y += layout.reactions.rows();
  }
  return {};
}

RowStatus Engine::evaluate(ConstBatch u, Batch y) const {
  return for_each_row(y, [&](int row) { return solve_row(&u(row, 0), &y(row, 0)); });
}

std::string Engine::back(const double* theta, const double* dy, double* g_theta) const {
  const Layout& layout = equation_->layout();
  Work& w = work();
  std::fill(w.dq.begin(), w.dq.end(), 0.0);
  double* const g_s = w.dq.data() + layout.first_source;
  const auto multiply_transposed = [&](const double* x, double* y) {
    layout.is_symmetric ? w.system.multiply(x, y) : w.system.multiply_transposed(x, y);
  };
  std::vector<double> weights(layout.reactions.rows() > 0 ? w.n : 0);
  for (std::size_t load = 0; load < layout.loads.size(); ++load) {
    std::fill(w.right_side.begin(), w.right_side.end(), 0.0);
    if (!weights.empty()) {
      std::fill(weights.begin(), weights.end(), 0.0);
      layout.reactions.add_transposed(dy + layout.observed.rows(), weights.data());
      multiply_transposed(weights.data(), w.right_side.data());
    }
    layout.observed.add_transposed(dy, w.right_side.data());
    layout.imposed.add_product(w.right_side.data(), g_s);
    for (std::size_t i = 0; i < w.n; ++i)
      if (layout.is_fixed[i]) w.right_side[i] = 0.0;
    if (std::string fault = solve(w.right_side.data(), w.lambda.data(), Matrix::transposed); !fault.empty())
      return fault;
    if (layout.imposed.has_entries()) {  // what free unknowns make of a fixed one: - (A^T lambda) there
      multiply_transposed(w.lambda.data(), w.product.data());
      for (double& x : w.product) x = -x;
      layout.imposed.add_product(w.product.data(), g_s);
    }
    for (std::size_t i = 0; i < weights.size(); ++i)
      if (layout.is_fixed[i]) w.lambda[i] = -weights[i];
    w.system.add_gradient(w.lambda.data(), &w.u[load * w.n], w.dq.data());
    layout.sources.add_product(w.lambda.data(), g_s);
    dy += layout.observed.rows() + layout.reactions.rows();
  }
  std::fill_n(g_theta, shape_.inputs, 0.0);
  equation_->add_transposed(theta, w.dq.data(), g_theta);
  return {};
}

RowStatus Engine::evaluate_and_pullback(ConstBatch u, Batch y, const Cotangent& cotangent, Batch du) const {
  const Batch dy("dy", 1, y.extent(1));
  return for_each_row(y, [&](int row) {
    std::string fault = solve_row(&u(row, 0), &y(row, 0));
    if (fault.empty()) {
      cotangent(row, Kokkos::subview(ConstBatch(y), Kokkos::make_pair(row, row + 1), Kokkos::ALL), dy);
      fault = back(&u(row, 0), &dy(0, 0), &du(row, 0));
    }
    if (!fault.empty()) std::fill_n(&du(row, 0), shape_.inputs, undefined);
    return fault;
  });
}

// A du = S^T ds - (dA) u on free unknowns, du = G^T ds on fixed ones.
std::string Engine::forth(const double* theta, const double* d_theta, double* dy) const {
  const Layout& layout = equation_->layout();
  Work& w = work();
  equation_->coefficients_tangent(theta, d_theta, w.dq.data());
  const double* const ds = w.dq.data() + layout.first_source;
  std::fill(w.sources.begin(), w.sources.end(), 0.0);
  layout.sources.add_transposed(ds, w.sources.data());
  std::fill(w.fixed.begin(), w.fixed.end(), 0.0);
  layout.imposed.add_transposed(ds, w.fixed.data());
  w.lifted.assign(w.n, 0.0);
  if (layout.imposed.has_entries()) w.system.multiply(w.fixed.data(), w.lifted.data());
  for (std::size_t load = 0; load < layout.loads.size(); ++load) {
    w.system.multiply_derivative(w.dq.data(), &w.u[load * w.n], w.product.data());
    for (std::size_t i = 0; i < w.n; ++i) w.product[i] -= w.sources[i];
    for (std::size_t i = 0; i < w.n; ++i)
      w.right_side[i] =
          layout.is_fixed[i] ? w.fixed[i] * w.system.diagonal(static_cast<int>(i)) : -w.product[i] - w.lifted[i];
    if (std::string fault = solve(w.right_side.data(), w.lambda.data()); !fault.empty()) return fault;
    layout.observed.apply(w.lambda.data(), dy);
    dy += layout.observed.rows();
    if (layout.reactions.rows() == 0) continue;
    w.system.multiply(w.lambda.data(), w.right_side.data());
    for (std::size_t i = 0; i < w.n; ++i) w.right_side[i] += w.product[i];
    layout.reactions.apply(w.right_side.data(), dy);
    dy += layout.reactions.rows();
  }
  return {};
}

RowStatus Engine::evaluate_and_pushforward(ConstBatch u, ConstBatch du, Batch y, Batch dy) const {
  return for_each_row(y, [&](int row) {
    std::string fault = solve_row(&u(row, 0), &y(row, 0));
    if (fault.empty()) fault = forth(&u(row, 0), &du(row, 0), &dy(row, 0));
    if (!fault.empty()) std::fill_n(&dy(row, 0), shape_.outputs, undefined);
    return fault;
  });
}

std::vector<double> Engine::solution(const double* theta) const {
  if (const std::string fault = solve_row(theta, nullptr); !fault.empty()) throw core::NumericsError(fault);
  return work().u;
}

std::vector<model::GridField> Engine::states(const double* theta) const {
  const Layout& layout = equation_->layout();
  const std::vector<double> u = solution(theta);
  const auto mesh = field::simplices(*layout.mesh);
  std::vector<model::GridField> fields;
  const auto add = [&](const std::string& name, bool is_at_nodes, std::vector<double> values) {
    model::GridField& field = fields.emplace_back();
    field.name = name, field.is_at_nodes = is_at_nodes, field.values = std::move(values), field.mesh = mesh;
  };
  for (auto& [name, values] : equation_->pictures(theta)) add(name, false, std::move(values));
  const auto stride = static_cast<std::size_t>(layout.fields());
  for (std::size_t load = 0; load < layout.loads.size(); ++load)
    for (std::size_t f = 0; f < stride; ++f) {
      std::vector<double> values;
      for (std::size_t i = f; i < work().n; i += stride) values.push_back(u[load * work().n + i]);
      const std::string& name = layout.field_names[f];
      add(layout.loads.size() == 1 ? name : fmt::format("{}_{}", name, load + 1), true, std::move(values));
    }
  return fields;
}

}  // namespace aleator::pde::fem
