#include "campaign/calibration/calibration_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "campaign/report/calibration_page.hpp"
#include "campaign/report/format.hpp"
#include "campaign/rows/rows_report.hpp"
#include "campaign/run/job_files.hpp"
#include "campaign/run/progress.hpp"
#include "core/log.hpp"
#include "io/files.hpp"
#include "io/json.hpp"
#include "prob/rank_test.hpp"

namespace aleator::campaign {
namespace {

// Uniform v on (0, 1) has E v = 1/2 with variance 1/12, and E (v - 1/2)^2 = 1/12 with variance 1/180.
std::string shape_in_words(const std::vector<int>& ranks, int values) {
  const double l = static_cast<double>(ranks.size());
  double mean = 0.0, spread = 0.0;
  for (const int rank : ranks) {
    const double v = (rank + 0.5) / values - 0.5;
    mean += v / l, spread += v * v / l;
  }
  const double shift = mean * std::sqrt(12.0 * l), width = (spread - 1.0 / 12.0) * std::sqrt(180.0 * l);
  if (std::abs(shift) < 2.0 && std::abs(width) < 2.0) return "the ranks are uneven in another way than shift or width";
  if (std::abs(shift) > std::abs(width))
    return shift > 0.0 ? "the truth lies too high among the draws: the posterior is shifted down"
                       : "the truth lies too low among the draws: the posterior is shifted up";
  return width > 0.0
             ? "the truth lies too often at either end: the posterior is too narrow, or its draws depend on each other"
             : "the truth lies too often in the middle: the posterior is too wide";
}

}  // namespace

void judge(Calibration& c) {
  const prob::RankTest test(c.simulations, c.values);
  c.quantities.clear();
  const auto count = static_cast<double>(c.ranks.size());
  std::size_t worst = 0;
  int refused = 0;
  for (std::size_t q = 0; q < c.ranks.size(); ++q) {
    CalibratedQuantity one;
    one.ecdf_p = test.ecdf_p(c.ranks[q]), one.chi_square_p = test.chi_square_p(c.ranks[q]);
    one.p = std::min(1.0, 2.0 * std::min(one.ecdf_p, one.chi_square_p));
    if (one.p * count < c.significance) one.words = shape_in_words(c.ranks[q], c.values), ++refused;
    c.quantities.push_back(one);
    constexpr double beyond_doubt = 1e-9;  // of those the first, a parameter, says most
    if (one.p < c.quantities[worst].p && c.quantities[worst].p > beyond_doubt) worst = q;
  }
  c.is_calibrated = refused == 0;
  const double p = std::min(1.0, c.quantities[worst].p * count);
  c.headline =
      c.is_calibrated
          ? fmt::format("calibrated: the ranks of all {} quantities agree with uniform ones (smallest p = {:.2g})",
                        c.names.size(), p)
          : fmt::format("not calibrated: {} of {} quantities fail; worst is {} (p = {:.2g}): {}", refused,
                        c.names.size(), c.names[worst], p, c.quantities[worst].words);
}

std::string calibration_csv(const Calibration& c) {
  std::string text = "# ranks among " + std::to_string(c.values - 1) + " draws, one simulation a line:";
  for (const std::string& name : c.names) text += " " + name;
  text += "\n";
  for (int i = 0; i < c.simulations; ++i)
    for (std::size_t q = 0; q < c.ranks.size(); ++q)
      text += fmt::format("{}{}", c.ranks[q][static_cast<std::size_t>(i)], q + 1 == c.ranks.size() ? "\n" : ",");
  return text;
}

std::string calibration_json(const Calibration& c, const CalibrationFacts& facts) {
  io::Json out;
  out["deck"] = facts.deck;
  out["job"] = "calibrate";
  out["problem"] = facts.problem;
  out["component"] = facts.sampler;
  out["is_calibrated"] = c.is_calibrated;
  out["verdict"] = c.headline;
  out["simulations"] = c.simulations;
  out["ranks"] = c.values - 1;
  out["significance"] = c.significance;
  out["redrawn"] = facts.redrawn;
  out["model_evaluations"] = facts.model_evaluations;
  out["wall_time_seconds"] = facts.seconds;
  const prob::RankTest test(c.simulations, c.values);
  io::Json& quantities = out["quantities"] = io::Json::object();
  for (std::size_t q = 0; q < c.names.size(); ++q)
    quantities[c.names[q]] = {{"p", c.quantities[q].p},
                              {"ecdf_p", c.quantities[q].ecdf_p},
                              {"chi_square_p", c.quantities[q].chi_square_p},
                              {"histogram", test.histogram(c.ranks[q])},
                              {"words", c.quantities[q].words}};
  return io::text_of(out, 2) + "\n";
}

void write_calibration_report(const std::string& folder, const RunSettings& settings, const std::string& text) {
  const io::Json summary = read_summary(folder);
  const io::Table table = io::read_table(folder + "/ranks.csv");
  const int values = summary.at("ranks").get<int>() + 1;
  const prob::RankTest test(static_cast<int>(table.rows), values);
  report::CalibrationPage page;
  page.base = head_of_page(folder, settings);
  page.base.problem_text = text;
  page.verdict = summary.at("verdict").get<std::string>();
  page.is_calibrated = summary.at("is_calibrated").get<bool>();
  page.simulations = static_cast<int>(table.rows), page.values = values, page.bins = test.bins();
  page.model_evaluations = summary.at("model_evaluations").get<double>();
  page.seconds = summary.at("wall_time_seconds").get<double>();
  constexpr double shown_coverage = 0.95;
  for (const auto& [low, high] : test.band(test.level_for(shown_coverage))) {
    page.band_low.push_back(static_cast<double>(low) / page.simulations);
    page.band_high.push_back(static_cast<double>(high) / page.simulations);
  }
  std::size_t q = 0;
  for (const auto& [name, row] : summary.at("quantities").items()) {
    report::RankedQuantity one{name,
                               row.at("words").get<std::string>(),
                               row.at("ecdf_p").get<double>(),
                               row.at("chi_square_p").get<double>(),
                               row.at("histogram").get<std::vector<double>>(),
                               {}};
    one.ecdf.assign(static_cast<std::size_t>(values) - 1, 0.0);
    for (std::size_t i = 0; i < table.rows; ++i)
      for (auto k = static_cast<std::size_t>(table(i, q)); k < one.ecdf.size(); ++k)
        one.ecdf[k] += 1.0 / page.simulations;
    page.quantities.push_back(std::move(one));
    ++q;
  }
  io::make_directory(folder + "/report");
  io::atomic_write_text(folder + "/report/index.html", report::render_calibration_html(page, folder + "/report"));
  core::info("report: {}/report/index.html", folder);
}

}  // namespace aleator::campaign
