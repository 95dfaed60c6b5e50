// What likelihoods read of tables: columns, missing entries, what goes with each datum, units.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "inverse/likelihood/counts.hpp"
#include "inverse/likelihood/gaussian.hpp"
#include "inverse/likelihood/negative_binomial.hpp"
#include "inverse/likelihood/student_t.hpp"
#include "inverse/model/linear.hpp"
#include "inverse/model/measured.hpp"

namespace aleator::inverse {
namespace {

using model::Batch;

double density_of(const model::Likelihood& likelihood, const std::vector<double>& y) {
  const model::Vector out("out", 1);
  likelihood.log_density(model::ConstBatch(y.data(), 1, y.size()), out);
  return out(0);
}

TEST(Observations, AreColumnsByNameAndMissingEntriesDoNotCount) {
  const deck::File csv = {"data.csv", "t,\"prey\",predator\n0,1,10\n1,,20\n2,3,NA\n"};
  const Observations both = read_observations(csv, {"prey", "predator"}, false);
  EXPECT_EQ(both.values, (std::vector<double>{1, 10, 20, 3}));
  EXPECT_EQ(both.places, (std::vector<int>{0, 1, 3, 4}));
  EXPECT_EQ(both.count, 6);
  EXPECT_EQ(read_observations({"d.txt", "1 NA\nNA 4\n"}, {}, false).places, (std::vector<int>{0, 3}));
  EXPECT_TRUE(read_observations(csv, {"t"}, false).places.empty());
  EXPECT_THROW(read_observations(csv, {}, false), deck::KeyError);
  EXPECT_THROW(read_observations({"d.csv", "t,u\n0,1\n2,3\n"}, {}, false),
               deck::KeyError);  // all numbers, but which are data?
  EXPECT_EQ(read_observations({"d.csv", "u\n1\n3\n"}, {}, false).values, (std::vector<double>{1, 3}));
  EXPECT_THROW(read_observations({"d.txt", "NA\n"}, {}, false), deck::KeyError);
  EXPECT_THROW(read_observations({"d.txt", "inf\n"}, {}, false), core::UserError);
}

// A computation that failed is no missing measurement, unless the deck says so.
TEST(Observations, RefuseNanUnlessItIsSaidToBeMissing) {
  const auto fault = [](const deck::File& file, const std::vector<std::string>& column) {
    try {
      read_observations(file, column, false);
    } catch (const core::UserError& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  const deck::File plain{"d.txt", "1 2\nNA nan\n"}, named{"d.csv", "t,y,z\n0,NA,nan\nnan,NaN,1\n"};
  EXPECT_EQ(fault(plain, {}).find("d.txt:2:4: error: 'nan' is not allowed among data: write NA"), 0U)
      << fault(plain, {});
  EXPECT_EQ(fault(named, {"y"}).find("d.csv:3:5: error: 'nan' is not allowed"), 0U) << fault(named, {"y"});
  EXPECT_EQ(read_observations(plain, {}, true).places, (std::vector<int>{0, 1}));
  EXPECT_EQ(read_observations(named, {"z"}, true).places, (std::vector<int>{1}));
  EXPECT_EQ(fault({"d.csv", "t,y\nnan,1\n1,\n"}, {"y"}), "nothing");  // of the column that is asked for
}

// Noise levels, scales and trials from columns beside the data; where a datum is missing its level may be too.
TEST(Observations, WhatGoesWithEachDatumMayBeAColumn) {
  const deck::File file{"d.csv", "y, s, n, bad\n3, 0.5, 4, 1\nNA, NA, 9,\n1, 2, 5, -1\n"}, plain{"d.txt", "3 NA 1\n"};
  const std::vector<double> at{0.3, -0.2};
  GaussianLikelihood::Params gaussian{file, {}, {}, true, false, {"y"}, {"s"}};
  EXPECT_DOUBLE_EQ(density_of(GaussianLikelihood(gaussian), at),
                   density_of(GaussianLikelihood({plain, {0.5, 7.0, 2.0}, {}, true}), at));
  StudentTLikelihood::Params student;
  student.data = file, student.column = {"y"}, student.scale_column = {"s"};
  StudentTLikelihood::Params listed;
  listed.data = plain, listed.scale = {0.5, 7.0, 2.0};
  EXPECT_DOUBLE_EQ(density_of(StudentTLikelihood(student), at), density_of(StudentTLikelihood(listed), at));
  BinomialLikelihood::Params binomial, by_list;
  binomial.data = file, binomial.column = {"y"}, binomial.trials_column = {"n"};
  by_list.data = plain, by_list.trials = {4, 9, 5};
  EXPECT_DOUBLE_EQ(density_of(BinomialLikelihood(binomial), at), density_of(BinomialLikelihood(by_list), at));
  EXPECT_NE(density_of(BinomialLikelihood(binomial), at), density_of(BinomialLikelihood({plain, {5, 9, 4}}), at));
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"bad"}, {"s", "n"}}) {
    gaussian.sd_column = wrong;
    EXPECT_THROW(GaussianLikelihood{gaussian}, deck::KeyError);
  }
}

TEST(Observations, WithMissingEntriesTheDensityIsThatOfTheOthers) {
  const deck::File some = {"data.txt", "3 NA 1\n"}, rest = {"data.txt", "3 1\n"};
  const std::vector<double> y = {1.0, 0.4};
  EXPECT_EQ(density_of(GaussianLikelihood({some, {0.5, 7.0, 2.0}, {}, true}), y),
            density_of(GaussianLikelihood({rest, {0.5, 2.0}, {}, true}), y));
  EXPECT_EQ(density_of(GaussianLikelihood({some, {}, {"c.txt", "2 1 0.5\n1 3 1\n0.5 1 4\n"}, true}), y),
            density_of(GaussianLikelihood({rest, {}, {"c.txt", "2 0.5\n0.5 4\n"}, true}), y));
  EXPECT_EQ(density_of(StudentTLikelihood({some, {0.5, 7.0, 2.0}, 4.0, false}), y),
            density_of(StudentTLikelihood({rest, {0.5, 2.0}, 4.0, false}), y));
  EXPECT_EQ(density_of(BinomialLikelihood({some, {5, 9, 2}, BinomialLikelihood::Link::logit}), y),
            density_of(BinomialLikelihood({rest, {5, 2}, BinomialLikelihood::Link::logit}), y));
  using NLink = NegativeBinomialLikelihood::Link;
  EXPECT_EQ(density_of(NegativeBinomialLikelihood({some, 3.0, false, NLink::log}), y),
            density_of(NegativeBinomialLikelihood({rest, 3.0, false, NLink::log}), y));
  EXPECT_EQ(density_of(PoissonLikelihood({some, PoissonLikelihood::Link::log}), y),
            density_of(PoissonLikelihood({rest, PoissonLikelihood::Link::log}), y));
}

// Data in mm and degrees Celsius, by turns, of a model in m and K: as if they and their noise had been converted by hand, but
// a density of the data as the file has them.
TEST(Observations, HaveTheUnitsOfTheOutputs) {
  const deck::File file{"d.csv", "h, t, sh, st\n1500, 20, 10, 0.5\nNA, -3, NA, 0.25\n"},
      by_hand{"d.txt", "1.5 293.15 NA 270.15"};
  GaussianLikelihood::Params p{file, {}, {}, true, false, {"h", "t"}, {"sh", "st"}};
  p.units = {"mm", "degC"}, p.output_units = {"m", "K"};
  const std::vector<double> at{1.2, 290.0, 271.0};
  const double log_mm = std::log(1e-3);
  const GaussianLikelihood converted(p);
  EXPECT_NEAR(density_of(converted, at),
              density_of(GaussianLikelihood({by_hand, {0.01, 0.5, 1.0, 0.25}, {}, true}), at) + log_mm, 1e-9);
  EXPECT_EQ(converted.units(), "");
  const deck::File lengths{"l.txt", "1500 2500"}, covariance{"c.txt", "2 1\n1 3"};
  GaussianLikelihood::Params q{lengths, {}, covariance, true};
  q.units = {"mm"}, q.output_units = {"m"};
  EXPECT_NEAR(density_of(GaussianLikelihood(q), {1.501, 2.498}),
              density_of(GaussianLikelihood({{"l.txt", "1.5 2.5"}, {}, {"c.txt", "2e-6 1e-6\n1e-6 3e-6"}, true}),
                         {1.501, 2.498}) +
                  2.0 * log_mm,
              1e-9);
  EXPECT_NEAR(density_of(*GaussianLikelihood(q).with_data({1.5, 2.5}), {1.501, 2.498}),
              density_of(GaussianLikelihood(q), {1.501, 2.498}), 1e-9);
  EXPECT_EQ(GaussianLikelihood(q).units(), "m");
  q.covariance = {}, q.unknown_scale = true;  // which is in mm
  EXPECT_NEAR(density_of(GaussianLikelihood(q), {1.501, 2.498, 3.0}),
              density_of(GaussianLikelihood({{"l.txt", "1.5 2.5"}, {0.003}, {}, true}), {1.501, 2.498}) + 2.0 * log_mm,
              1e-9);
  GaussianLikelihood::Params days{
      {"t.txt", "3786912000"}, {86.4}, {}, true};  // since other days: to the bit all the same
  days.units = {"seconds since 1900-01-01"}, days.output_units = {"days since 1970-01-01"};
  EXPECT_EQ(GaussianLikelihood(days).data()[0], 18263.0);
  EXPECT_NEAR(density_of(GaussianLikelihood(days), {18263.0}), -std::log(86.4 * std::sqrt(2.0 * M_PI)), 1e-9);
  StudentTLikelihood::Params s;
  s.data = lengths, s.scale = {2.0}, s.units = {"mm"}, s.output_units = {"m"};
  StudentTLikelihood::Params of_s;
  of_s.data = {"l.txt", "1.5 2.5"}, of_s.scale = {0.002};
  EXPECT_NEAR(density_of(StudentTLikelihood(s), {1.501, 2.49}),
              density_of(StudentTLikelihood(of_s), {1.501, 2.49}) + 2.0 * log_mm, 1e-9);
  const std::shared_ptr<const model::Likelihood> second = StudentTLikelihood(s).only({1});
  EXPECT_NEAR(density_of(*second, {2.49}), density_of(*StudentTLikelihood(of_s).only({1}), {2.49}) + log_mm, 1e-9);
}

TEST(Observations, UnitsThatAreNoneOrDoNotFitAreRefused) {
  const auto message = [](const std::vector<std::string>& units, const std::vector<std::string>& outputs) {
    GaussianLikelihood::Params p{{"l.txt", "1 2 3"}, {1.0}, {}, true};
    p.units = units, p.output_units = outputs;
    try {
      const GaussianLikelihood likelihood(p);
    } catch (const deck::KeyError& error) {
      return error.key() + ": " + error.what();
    }
    return std::string();
  };
  EXPECT_EQ(message({"mg/L"}, {"kg m-3"}), "");
  EXPECT_EQ(message({"cubits of"}, {}),
            "units: 'cubits of' is no unit: write it as \"m s-1\", \"mg/L\", \"degC\", \"1\"");
  EXPECT_EQ(message({"mm"}, {"s"}), "output_units: 'mm' cannot be converted to 's'");
  EXPECT_EQ(message({"mm", "m"}, {}), "units: gives 2 units for 3 data");
  EXPECT_EQ(message({"dBZ"}, {"mm6 m-3"}),
            "output_units: from 'dBZ' to 'mm6 m-3' is no straight line: convert the data and their noise beforehand");
  EXPECT_EQ(message({"Hz"}, {"s"}),
            "output_units: from 'Hz' to 's' is no straight line: convert the data and their noise beforehand");
}

TEST(Observations, AModelIsMeasuredWhereThereAreData) {
  const auto line = std::make_shared<LinearModel>(std::vector<double>{1.0, 2.0, -1.0, 0.5, 3.0, 1.0}, 3, 2);
  const Measured measured(line, {2, 0});
  const Batch u("u", 1, 2), du("du", 1, 2), y("y", 1, 2);
  u(0, 0) = 1.0, u(0, 1) = 10.0;
  EXPECT_TRUE(measured.evaluate(u, y).ok());
  EXPECT_EQ(y(0, 0), 13.0);
  EXPECT_EQ(y(0, 1), 21.0);
  const auto slopes = [](int, model::ConstBatch seen, Batch dy) { dy(0, 0) = seen(0, 0), dy(0, 1) = 1.0; };
  measured.adjoint()->evaluate_and_pullback(u, y, slopes, du);
  EXPECT_EQ(du(0, 0), 13.0 * 3.0 + 1.0);
  EXPECT_EQ(du(0, 1), 13.0 * 1.0 + 2.0);
  u(0, 0) = 1.0, u(0, 1) = -1.0;
  const Batch dy("dy", 1, 2);
  measured.tangent()->evaluate_and_pushforward(u, u, y, dy);
  EXPECT_EQ(dy(0, 0), 2.0);
  EXPECT_EQ(dy(0, 1), -1.0);
}

}  // namespace
}  // namespace aleator::inverse
