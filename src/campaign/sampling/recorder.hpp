#pragma once
/// What      Writes a sampler's draws to results.h5 while it runs.
/// Method    draws of chains are buffered and written in blocks, members of an ensemble go out a few at a time: no copy of it
///           exists in parameters. What a checkpoint covers is always on disk before it.
/// Parallel  collective; every rank writes its own members.
/// Cost      one transport map and one copy of each draw; a few writes a second at most.
/// Fails     UserError when the file cannot be written.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "campaign/sampling/predictive.hpp"
#include "io/results.hpp"
#include "sampler/sampler.hpp"

namespace aleator::campaign {

class Recorder {
 public:
  /// What is recorded: the shape of the sample, and how many draws are run through the model again.
  struct Shape {
    sampler::Plan plan;
    PredictiveDraws predictive;
  };
  /// `is_new`: lay out the file; else go on with the one that is there, from draw `first_draw`.
  Recorder(const std::string& path, const Shape& shape, const model::Problem& problem, const model::Context& context,
           bool is_new, int first_draw);
  void add(const sampler::BaseState& state);
  /// Writes the buffered draws to the file.
  void flush();
  /// The same, and returns when they are on the disk.
  void sync();
  /// The data, and draws from the prior: once.
  void write_observed(const std::vector<double>& data);
  /// Outputs and replicated data at posterior draws, or replicated data of the prior, and the data's places among them.
  void write_posterior_predictive(const Predicted& predicted, const PredictiveCheck& check);
  void write_prior_predictive(const Predicted& predicted, const PredictiveCheck& check);

 private:
  void lay_out(const std::string& path);
  void reopen(const std::string& path);
  void add_particles(const sampler::BaseState& state);
  using LatentRows = std::function<model::ConstBatch(int first, int count)>;
  void write_in_parts(const parallel::RowLayout& layout, const std::string& group, const LatentRows& latent);
  void lay_out_predictions();
  sampler::Plan plan_;
  PredictiveDraws predictive_;
  const model::Problem& problem_;
  model::Context context_;
  parallel::RowLayout layout_;
  std::unique_ptr<io::ResultsFile> file_;
  int next_draw_ = 0, buffered_ = 0, capacity_ = 1;
  std::vector<std::vector<double>> values_;  // for each variable [local member][buffer][size]
  std::vector<double> log_likelihood_, log_prior_, accepted_;
  std::vector<std::vector<double>> statistics_;  // those of the plan
};

/// Draws from the prior that are kept beside: 1000, of fields fewer.
int prior_draws(const model::Problem& problem);

}  // namespace aleator::campaign
