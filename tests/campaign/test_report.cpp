// The run report; its verdicts are in test_verdict.cpp. Pictures: gnuplot is run where it is installed;
// every claim that needs it is skipped otherwise, and the page without it is tested by naming a program that does
// not exist.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <regex>
#include <set>

#include "campaign/report/format.hpp"
#include "campaign/report/gnuplot.hpp"
#include "campaign/report/plot.hpp"
#include "campaign/report/report.hpp"
#include "campaign/report/selection.hpp"
#include "campaign/report/statistics.hpp"
#include "campaign/report/svg.hpp"
#include "campaign/report/tables.hpp"
#include "campaign/report/verdict.hpp"
#include "core/markup.hpp"
#include "report_cases.hpp"

namespace aleator::campaign::report {
namespace {

// One folder a process: several ranks run this file at the same time.
struct WorkDir {
  std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("aleator-test-report-{}", getpid())).string();
  ~WorkDir() { std::filesystem::remove_all(path); }
};
const std::string& work_dir() {
  static const WorkDir folder;
  return folder.path;
}

bool gnuplot_is_installed() { return Gnuplot("gnuplot", work_dir()).is_available(); }

std::vector<std::string> ids_of(const std::string& page) {
  const std::regex pattern("\\sid=[\"']([^\"']+)[\"']");
  std::vector<std::string> ids;
  for (std::sregex_iterator it(page.begin(), page.end(), pattern), end; it != end; ++it) ids.push_back((*it)[1]);
  return ids;
}

constexpr const char* figure_titles[] = {"Fields",          "All parameters at a glance",
                                         "Joint marginals", "Marginals",
                                         "Data fit",        "Traces",
                                         "Rank plots",      "Autocorrelation",
                                         "Step histories",  "Accuracy against cost"};

}  // namespace

TEST(ReportStatistics, AutocorrelationOfAnAr1ChainIsPowersOfItsCoefficient) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  std::vector<double> chain(60000);
  for (std::size_t i = 1; i < chain.size(); ++i) chain[i] = 0.8 * chain[i - 1] + normal(random);
  const std::vector<double> rho = mean_autocorrelation({chain}, 6);
  // Bartlett: standard error at most sqrt((1 + r^2) / (1 - r^2) / n) = 0.0087; four of them
  for (int k = 0; k <= 6; ++k) EXPECT_NEAR(rho[k], std::pow(0.8, k), 0.035) << "lag " << k;
  // integrated: (1 + 0.8) / (1 - 0.8) = 9 draws for one; the sum over lags scatters by some 5 % at this length
  EXPECT_NEAR(rough_ess({chain}), 60000 / 9.0, 0.2 * 60000 / 9.0);
}

TEST(ReportStatistics, AutocorrelationEqualsTheDirectSum) {
  const std::vector<double> x = {1, 4, -2, 3, 3, -5, 0};
  const std::vector<double> rho = mean_autocorrelation({x}, 3);
  const double mean = 4.0 / 7;
  double variance = 0;
  for (const double v : x) variance += (v - mean) * (v - mean);
  for (std::size_t k = 0; k <= 3; ++k) {
    double sum = 0;
    for (std::size_t i = 0; i + k < x.size(); ++i) sum += (x[i] - mean) * (x[i + k] - mean);
    EXPECT_NEAR(rho[k], sum / variance, 1e-13);
  }
}

TEST(ReportStatistics, RanksOfChainsApartFillOppositeHalves) {
  const auto counts = rank_histograms({{1, 2, 3, 4}, {5, 6, 7, 8}}, 2);
  EXPECT_EQ(counts[0], (std::vector<double>{4, 0}));
  EXPECT_EQ(counts[1], (std::vector<double>{0, 4}));
  const auto ties = rank_histograms({{1, 1}, {1, 1}}, 3);  // equal values share the middle rank
  EXPECT_EQ(ties[0], (std::vector<double>{0, 2, 0}));
}

TEST(ReportStatistics, HighestDensityLevelsHoldTheirShareOfAGaussian) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  std::vector<double> x, y;
  for (int i = 0; i < 200000; ++i) {
    x.push_back(normal(random));
    y.push_back(normal(random));
  }
  Grid2 grid{44, 44, -5, 5, -5, 5, {}, 0, 0};
  fill_density(x, y, grid);
  // A region with share p of a 2-d Gaussian is bounded at density 1 - p of the peak; smoothing scales all by the
  // same factor
  EXPECT_NEAR(grid.level_50, 0.5, 0.04);
  EXPECT_NEAR(grid.level_90, 0.1, 0.02);
}

TEST(ReportAxis, TicksLieInsideAndLogTicksNamePowers) {
  for (const Tick& t : ticks_for({-0.31, 1.07, false}, 5)) {
    EXPECT_GE(t.position, -0.31);
    EXPECT_LE(t.position, 1.07);
  }
  std::set<std::string> labels;
  for (const Tick& t : ticks_for({0.2, 6.1, true}, 7)) labels.insert(t.label);
  EXPECT_TRUE(labels.count("10⁵"));
  const Axis axis = axis_for({0.01, 100}, true, 0.0);
  EXPECT_DOUBLE_EQ(axis.low, -2);
  EXPECT_DOUBLE_EQ(axis(1.0), 0);
  EXPECT_TRUE(std::isnan(axis(-1.0)));
  EXPECT_FALSE(axis_for({-1, 100}, true).is_log);
}

TEST(ReportGnuplot, TextCannotLeaveItsQuotes) {
  EXPECT_EQ(gnuplot_string("it's `date`\n\"x\""), "'it’s ’date’ \"x\"'");
}

TEST(ReportGnuplot, IdsGetThePrefixAndMarkersBecomeVariables) {
  const std::string raw =
      "<svg viewBox=\"0 0 10 10\">\n<g id=\"gnuplot_canvas\">\n<defs>\n\t<circle id='gpPt5' r='1'/>\n<filter "
      "id='textbox'/></defs>\n"
      "<g fill=\"none\" color=\"black\" stroke=\"currentColor\" stroke-width=\"1.00\" stroke-linecap=\"butt\" "
      "stroke-linejoin=\"miter\">\n"
      "<use xlink:href='#gpPt5' color='rgb( 15,   0,  16)'/>\n</g>\n<g fill=\"none\" "
      "color=\"black\">\n</g>\n</g>\n</svg>\n";
  const std::string svg = inline_svg(raw, "p7", "a <b>");
  EXPECT_NE(svg.find("id='p7-gpPt5'"), std::string::npos);
  EXPECT_NE(svg.find("href='#p7-gpPt5' color='var(--s1)'"), std::string::npos);
  EXPECT_NE(svg.find("a &lt;b&gt;"), std::string::npos);
  EXPECT_EQ(svg.find("textbox"), std::string::npos);
  EXPECT_EQ(inline_svg("no picture", "p8", ""), "");
}

TEST(ReportPage, HasEveryFigureWithPicturesAndDistinctIds) {
  if (!gnuplot_is_installed()) GTEST_SKIP() << "gnuplot is not installed";
  const std::string page = render_html(converged_run(), work_dir());
  for (const char* title : figure_titles)
    EXPECT_NE(page.find(std::string("<h3>") + title + "</h3>"), std::string::npos) << title;
  EXPECT_EQ(page.find("could not be drawn"), std::string::npos);
  EXPECT_EQ(page.find("plots are missing"), std::string::npos);
  const std::vector<std::string> ids = ids_of(page);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
  EXPECT_GT(std::count_if(ids.begin(), ids.end(),
                          [](const std::string& id) { return id.find("-gpPt") != std::string::npos; }),
            1);
  EXPECT_LT(page.size(), 3'000'000u);
  EXPECT_TRUE(std::filesystem::is_empty(work_dir()));  // temporaries are removed
}

// Means 1.0 and 1.5 where the reference says 1.2: -1 and +1.5 of the sd 0.2; 0.01 of Monte Carlo error is 0.05 of it.
TEST(ReportTables, TheBiasOfEachMethodStandsWithItsSign) {
  ReportData data = converged_run();
  data.reference_mean.assign(6, 1.2);
  data.main.parameters[0].mean = 1.2, data.main.parameters[1].mean = 1.0;
  data.comparisons[0].parameters = data.main.parameters;
  data.comparisons[0].parameters[1].mean = 1.5;
  const std::string table = bias_table(data);
  EXPECT_NE(table.find("<td data-v=\"0\">0 ± 0.05</td><td data-v=\"-1\" class=\"caution\">−1.0 ± 0.05"),
            std::string::npos)
      << table;
  EXPECT_NE(table.find("class=\"caution\">+1.5 ± 0.05"), std::string::npos) << table;
  data.comparisons[0].parameters.clear();  // a run whose parameters are not known has no row
  EXPECT_EQ(bias_table(data).find("eki"), std::string::npos);
  data.reference_is_truth = true;  // the posterior mean need not be the truth
  EXPECT_EQ(bias_table(data), "");
}

TEST(ReportPage, EveryReferenceInItHasItsTarget) {
  if (!gnuplot_is_installed()) GTEST_SKIP() << "gnuplot is not installed";
  const std::string page = render_html(converged_run(), work_dir());
  const std::vector<std::string> ids = ids_of(page);
  const std::regex pattern("href=[\"']([^\"']+)[\"']");
  for (std::sregex_iterator it(page.begin(), page.end(), pattern), end; it != end; ++it) {
    const std::string target = (*it)[1];
    ASSERT_EQ(target[0], '#') << "the page must not load anything: " << target;
    EXPECT_NE(std::find(ids.begin(), ids.end(), target.substr(1)), ids.end()) << target;
  }
}

TEST(ReportPage, WithoutGnuplotSaysSoAndKeepsTheTables) {
  const std::string page = render_html(converged_run(), work_dir(), {"/nonexistent/gnuplot"});
  EXPECT_NE(page.find("plots are missing"), std::string::npos);
  EXPECT_NE(page.find("/nonexistent/gnuplot"), std::string::npos);
  EXPECT_EQ(page.find("<svg"), std::string::npos);
  EXPECT_NE(page.find(">theta5</th>"), std::string::npos);
  EXPECT_NE(page.find("Converged"), std::string::npos);
  for (const char* title : figure_titles)
    EXPECT_NE(page.find(std::string("<h3>") + title + "</h3>"), std::string::npos) << title;
}

TEST(ReportPage, NamesCannotBringMarkup) {
  ReportData data = converged_run();
  const std::string evil = "<script>alert(\"1\")</script>'`id`";
  data.title = data.deck_path = data.command = data.problem_text = data.resolved_deck = data.git_hash =
      data.reference_label = evil;
  data.date = data.program_version = data.main.name = data.main.component = data.comparisons[0].name =
      data.comparisons[0].component = evil;
  data.main.histories[0].name = evil;
  for (std::string& name : data.parameter_names) name = evil;
  const std::string page = render_html(data, work_dir());
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;alert"), std::string::npos);
  if (gnuplot_is_installed()) {
    EXPECT_EQ(page.find("plots are missing"), std::string::npos);
  }
}

TEST(ReportPage, UndefinedNumbersPrintAsADash) {
  ReportData data = converged_run();
  MethodRun& run = data.main;
  for (ParameterRow& row : run.parameters) row.mcse = row.ess_bulk = row.ess_tail = row.rhat = row.q05 = undefined;
  run.parameters[2].mean = run.parameters[2].sd = undefined;
  run.model_evaluations = run.wall_time_seconds = run.acceptance = undefined;
  run.values[17] = undefined;
  run.log_likelihood[3] = -INFINITY;
  run.error_curve.y[1] = undefined;
  run.histories[0].y[1] = undefined;
  const std::string page = render_html(data, work_dir());
  EXPECT_FALSE(std::regex_search(page, std::regex("[^a-z]nan[^a-z]", std::regex::icase)));
  EXPECT_NE(page.find("<td>–</td>"), std::string::npos);
}

TEST(ReportPage, NothingIsNeededButTheParameters) {
  ReportData data;
  EXPECT_NE(render_html(data, work_dir()).find("Not judged"), std::string::npos);  // an empty run is a page, too
  data.main.parameters = {{"a", 1, 0.1, undefined, undefined, undefined, undefined, 0.9, 1, 1.1}};
  const std::string page = render_html(data, work_dir());
  EXPECT_NE(page.find("1 parameter was inferred"), std::string::npos);
  EXPECT_EQ(page.find("<h3>Traces</h3>"), std::string::npos);
  EXPECT_EQ(page.find("<h3>Fields</h3>"), std::string::npos);
}

TEST(ReportPage, StandingChainsAndManyChainsAreDrawn) {
  if (!gnuplot_is_installed()) GTEST_SKIP() << "gnuplot is not installed";
  ReportData data = converged_run();
  data.main.chains = 20;
  data.main.draws = 40;
  for (std::size_t i = 0; i < data.main.values.size(); ++i) {
    if (i % 6 == 1) data.main.values[i] = 3.0;  // this parameter never moves
    if (i % 6 == 3) data.main.values[i] = -1e9 * data.main.values[i];
  }
  const std::string page = render_html(data, work_dir());
  EXPECT_EQ(page.find("plots are missing"), std::string::npos) << page.substr(page.find("plots are missing"), 400);
  EXPECT_NE(page.find("the first 8 of 20"), std::string::npos);
}

TEST(ReportPage, FieldsAmongOtherParametersAreDrawnOfSpaceTheMiddleLayer) {
  if (!gnuplot_is_installed()) GTEST_SKIP() << "gnuplot is not installed";
  ReportData data;
  data.fields = {{"ground", 2, {3, 2}}, {"block", 8, {3, 2, 2}}, {"line", 20, {4}}};
  for (int k = 0; k < 24; ++k) {
    const bool is_shown = (k >= 2 && k < 8) || (k >= 12 && k < 16);  // all else is too far away to miss
    data.main.parameters.push_back({"", is_shown ? 1.0 + 0.01 * k : 1e6, 0.1, 0, 500, 500, 1, 0.9, 1, 1.1});
  }
  const std::string page = render_html(data, work_dir());
  const std::size_t begin = page.find("id=\"fields\""), end = page.find("</figure>", begin);
  ASSERT_NE(begin, std::string::npos);
  const std::string figure = page.substr(begin, end - begin);
  for (const char* const text : {"Posterior mean: ground", "Posterior sd: block", "2 × 3 field ground", "layers in z"})
    EXPECT_NE(figure.find(text), std::string::npos) << text;
  EXPECT_EQ(figure.find(": line"), std::string::npos);
  EXPECT_EQ(figure.find("10⁶"), std::string::npos);
  EXPECT_EQ(figure.find("1000000"), std::string::npos);
}

// Two triangles of a square with one value each, and a mesh of which one triangle is not unknown.
TEST(ReportPage, FieldsOnMeshesAreDrawn) {
  if (!gnuplot_is_installed()) GTEST_SKIP() << "gnuplot is not installed";
  const auto mesh =
      std::make_shared<const io::Simplices>(io::Simplices{2, {0, 0, 1, 0, 0, 1, 1, 1}, {0, 1, 2, 1, 3, 2}});
  ReportData data;
  data.fields = {{"stiffness", 1, {}, 0.0, mesh, {}, 2}, {"part", 3, {}, 0.0, mesh, {-1, 0}, 1}};
  for (const double mean : {1e6, 1.0, 2.0, 5.0})  // the first is no field
    data.main.parameters.push_back({"", mean, 0.1, 0, 500, 500, 1, 0.9, 1, 1.1});
  const std::string page = render_html(data, work_dir());
  const std::size_t begin = page.find("id=\"fields\""), end = page.find("</figure>", begin);
  ASSERT_NE(begin, std::string::npos);
  const std::string figure = page.substr(begin, end - begin);
  for (const char* const text : {"Posterior mean: stiffness", "Posterior sd: part",
                                 "2 parameters of the field stiffness have their values on the 2 elements of a mesh"})
    EXPECT_NE(figure.find(text), std::string::npos) << text;
  EXPECT_EQ(figure.find("1000000"), std::string::npos);
  EXPECT_EQ(page.find("plots are missing"), std::string::npos);
}

TEST(ReportPage, FineFieldsAreAveragedAndDrawn) {
  if (!gnuplot_is_installed()) GTEST_SKIP() << "gnuplot is not installed";
  ReportData data;
  data.fields = {{"", 0, {128, 96}}};
  for (int k = 0; k < 128 * 96; ++k)
    data.main.parameters.push_back({"", 1.0 + k % 7, 0.1, 0, 500, 500, 1, 0.9, 1, 1.1});
  const std::string page = render_html(data, work_dir());
  EXPECT_EQ(page.find("plots are missing"), std::string::npos);
  const std::size_t cells = 43 * 48;  // blocks of 3 x 2 parameters
  std::size_t polygons = 0;
  for (std::size_t at = 0; (at = page.find("<polygon", at)) != std::string::npos; ++at) ++polygons;
  EXPECT_GE(polygons, 2 * cells);  // mean and sd, and the colour bars
  EXPECT_LT(page.size(), 3'000'000u);
}

}  // namespace aleator::campaign::report
