#pragma once
/// What      job/simulate_data: measurements of a known truth, to test an inversion with.
/// Method    data = G(truth) + N(0, sd^2); relative_noise r means sd = r times the root mean square of G(truth). Writes
///           data.txt, clean.txt, truth.txt (tables that decks read), summary.json, the model's fields at the truth and the
///           report. Inverting data with the model that made them, the "inverse crime", hides the model's error: a model
///           named under inversion_model is compared with it.
/// Parallel  every rank computes the same, rank 0 writes.
/// Cost      one model run, or one for each truth at which the model fails.
/// Fails     KeyError when sizes do not fit; NumericsError when the model fails at the truth, under on_failure = "reject" at a
///           hundred of them.
#include <memory>
#include <string>
#include <vector>

#include "campaign/rows/rows.hpp"
#include "campaign/run/job.hpp"
#include "deck/deck.hpp"
#include "model/forward_model.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::campaign {

class SimulateJob : public Job {
 public:
  struct Params {
    std::string model;
    deck::File truth;
    std::string prior;
    std::vector<double> noise_sd;
    double relative_noise = 0.0;
    std::string inversion_model;
    OnRowFailure on_failure = OnRowFailure::stop;
    int retries = FailurePolicy().retries;
  };
  struct Parts {
    std::shared_ptr<const model::ForwardModel> model, inversion_model;  ///< the latter may be null
    std::shared_ptr<const prob::Prior> prior;                           ///< null: the truth is a table
    std::string text;                                                   ///< what they are, in words
    std::string warning;                                                ///< of an inverse crime; or empty
    std::string model_in_words;                                         ///< "model 'darcy' (deck.toml:6)"
  };
  static deck::Schema<Params> schema();
  SimulateJob(const Params& params, Parts parts);
  JobEnd run(const JobContext& context) override;
  void report(const std::string& folder, const RunSettings& settings) const override;

 private:
  /// The truth, or the prior's draw of this number.
  kernels::Batch truth(const JobContext& context, std::int64_t draw) const;
  /// The first truth at which the model works, and its outputs.
  kernels::Batch working_truth(const JobContext& context, std::vector<double>& clean) const;
  /// Why the model fails at u, or empty.
  std::string clean_outputs(const JobContext& context, const kernels::Batch& u, std::vector<double>& clean) const;
  std::vector<double> standard_deviations(const std::vector<double>& clean) const;
  void write_tables(const JobContext& context, const kernels::Batch& u, const std::vector<double>& clean,
                    const std::vector<double>& data, const std::vector<double>& sd) const;

  Params params_;
  Parts parts_;
  std::vector<double> truth_, noise_sd_;
};

/// Why data made by `model` must not be trusted to test an inversion with `inversion`, both blocks of the deck; or empty.
std::string inverse_crime(const deck::Deck& deck, const std::string& model, const std::string& inversion);

}  // namespace aleator::campaign
