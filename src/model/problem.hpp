#pragma once
/// What      What every sampler sees: a posterior density over latent coordinates z, in which the prior is N(0, I).
/// Method    u = T(z) with T the prior's transport map, so that density(z) = N(z; 0, I) x likelihood(G(T(z))). The change
///           of variables is exact and lives in the prior alone: no sampler sees a Jacobian.
/// Parallel  rows are this rank's; each is evaluated whole on it.
/// Cost      one model run a row (and one adjoint where a gradient is asked for).
/// Fails     a row whose model run fails has log-likelihood -infinity and gradient 0, or NumericsError (deck: on_failure).
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/random.hpp"
#include "model/forward_model.hpp"
#include "model/likelihood.hpp"
#include "parallel/comm.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::model {

/// What an evaluation returns for each row; empty views are not filled.
struct Evaluation {
  Vector log_likelihood;  ///< always
  Batch gradient;         ///< of the log-likelihood with respect to z
  Batch outputs;          ///< G(T(z))
};

/// What is known of a problem beside its density; empty where there is nothing to know.
struct ProblemFacts {
  std::vector<double> data;               ///< the measurements
  std::vector<int> data_places;           ///< of them among all, with those that are missing; empty: nothing is missing
  std::string data_units;                 ///< as G gives them; empty: not known, or not the same for all
  std::vector<std::string> output_names;  ///< of G
  std::vector<double> reference_mean;     ///< a known posterior mean of u to compare with
  std::vector<double> truth;              ///< the u that made the data
  std::vector<InputField> input_fields;   ///< which parameters are fields to G
  std::string approximation;              ///< why the density is not quite the posterior's; empty: it is
  /// The number of datum i, from 0, as its file counts.
  int number_of_datum(std::size_t i) const { return data_places.empty() ? static_cast<int>(i) : data_places[i]; }
};

/// Where an algorithm runs and what its random numbers are.
struct Context {
  parallel::Comm comm;
  kernels::Rng rng;
};

/// The factor A of the Gauss-Newton Hessian A^T A of -log-likelihood in z: A = S^T dG(T(z))/dz, with S of
/// model::Information. Local rows, each with its own point; no failure policy: rows that cannot be computed give 0.
class GaussNewton {
 public:
  virtual ~GaussNewton() = default;
  /// Rows of A, the number of outputs.
  virtual int rows() const = 0;
  /// Model runs of one multiply().
  virtual int runs_of_multiply() const = 0;
  /// w = A(z) v.
  virtual void multiply(ConstBatch z, ConstBatch v, Batch w) const = 0;
  /// v = A(z)^T w.
  virtual void multiply_transposed(ConstBatch z, ConstBatch w, Batch v) const = 0;
};

/// The Hessian of -log-likelihood in z itself. Local rows, each with its own point; no failure policy: rows that cannot be
/// computed are returned.
class Hessian {
 public:
  virtual ~Hessian() = default;
  /// h = H(z) v, for the price of a gradient and a product with the model's Hessian.
  virtual RowStatus multiply_hessian(ConstBatch z, ConstBatch v, Batch h) const = 0;
};

class Problem {
 public:
  virtual ~Problem() = default;
  /// d, the number of latent coordinates z.
  virtual int dimension() const = 0;
  /// The number of parameters u = T(z).
  virtual int parameter_dimension() const { return dimension(); }
  /// The number of model outputs; 0 where the density comes without a model.
  virtual int outputs() const = 0;
  virtual bool has_gradient() const = 0;
  /// Of the gradient, where there is none: "the model does not offer", or why not.
  virtual std::string missing_gradient() const { return "the model does not offer"; }
  virtual const GaussianNoise* noise() const = 0;
  /// Null where the model has no adjoint, or the likelihood does not know its information.
  virtual const GaussNewton* gauss_newton() const { return nullptr; }
  /// Null where the model or target offers no second derivatives.
  virtual const Hessian* hessian() const { return nullptr; }
  /// Whether evaluate() may throw on one rank alone, so that the ranks must agree after it.
  virtual bool may_stop() const { return true; }
  /// Whether a failed row is to be given what the nearest sound row has (sampler::evaluate does it); may_stop() then holds.
  virtual bool imputes_failures() const { return false; }
  /// Fills those views of `result` that are allocated (log_likelihood always); returns the local rows that failed.
  virtual std::vector<int> evaluate(ConstBatch z, Evaluation& result) const = 0;
  /// u = T(z).
  virtual void parameters(ConstBatch z, Batch u) const = 0;
  virtual const std::vector<prob::Variable>& variables() const = 0;
  virtual const ProblemFacts& facts() const = 0;
  /// Log-likelihood, outputs (where there are any) and log-prior with respect to du at parameters u instead of z; failed
  /// rows have NaN outputs and no policy is applied.
  virtual RowStatus evaluate_parameters(ConstBatch u, Evaluation& result, Vector log_prior) const = 0;
  /// This rank's rows that failed since the last call, each a line of CSV: the parameters, then the reason.
  virtual std::vector<std::string> take_failures() const { return {}; }
  /// Data drawn from the likelihood given the outputs y of one row; empty where the problem cannot draw.
  virtual std::vector<double> simulate(const double* /*y*/, const kernels::Rng& /*rng*/, kernels::Stream /*stream*/,
                                       std::int64_t /*row*/) const {
    return {};
  }
  /// The same problem with other data, nothing else being known of it; null where that is not possible.
  virtual std::unique_ptr<Problem> with_data(const std::vector<double>& /*data*/) const { return nullptr; }
};

/// log N(z_r; 0, I) of each row, the prior in latent coordinates.
double latent_log_prior(const double* z, int dimension);

}  // namespace aleator::model
