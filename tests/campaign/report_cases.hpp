#pragma once
/// What      A report's data for the tests of its parts.
#include <cmath>
#include <random>
#include <string>

#include "campaign/report/report_data.hpp"

namespace aleator::campaign::report {

// 2 x 3 field, 4 chains of 200 independent log-normal draws: well converged by construction.
inline ReportData converged_run() {
  ReportData data;
  data.title = "Test run";
  data.deck_path = "input/test.toml";
  data.command = "aleator run input/test.toml";
  data.problem_text = "Model.\n\nPrior.";
  data.fields = {{"", 0, {2, 3}}};
  data.observed = {1.0, 2.0, 3.0};
  data.predicted_mean = {1.1, 1.9, 3.0};
  data.resolved_deck = "[sampler.a]\n";
  MethodRun& run = data.main;
  run.name = "mala";
  run.component = "sampler/mala";
  run.chains = 4;
  run.draws = 200;
  run.dimension = 6;
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  for (int i = 0; i < run.chains * run.draws; ++i) {
    for (int p = 0; p < run.dimension; ++p)
      run.values.push_back(std::exp(p == 2 ? 1.2 * normal(random) : 0.2 * normal(random)));
    run.log_likelihood.push_back(-0.5 * std::pow(normal(random), 2));
  }
  for (int p = 0; p < run.dimension; ++p) {
    data.parameter_names.push_back("theta" + std::to_string(p));
    run.parameters.push_back({data.parameter_names.back(), 1.0 + 0.1 * p, 0.2, 0.01, 800, 700, 1.002, 0.7, 1.0, 1.4});
    data.reference_mean.push_back(1.05 + 0.1 * p);
  }
  run.model_evaluations = 900;
  run.wall_time_seconds = 3;
  run.acceptance = 0.6;
  run.histories = {{"step size", {0, 1, 2}, {0.1, 0.2, 0.3}}};
  run.error_curve = {"mala", {10, 100, 1000}, {1, 0.1, 0.01}};
  MethodRun eki;
  eki.name = "eki";
  eki.component = "sampler/eki";
  eki.kind = "ensemble";
  eki.is_exact = false;
  eki.model_evaluations = 300;
  eki.error = 0.2;
  data.comparisons = {eki};
  return data;
}

}  // namespace aleator::campaign::report
