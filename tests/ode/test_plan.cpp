// The keys that all ODE models share: what they mean, and how wrong ones are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ode/models.hpp"

namespace aleator::ode {
namespace {

using testing::HasSubstr;

/// "key: message | hint" of the KeyError that making the model throws.
template <class Model>
std::string complaint(const typename Model::Params& params) {
  try {
    Model::make(params);
  } catch (const deck::KeyError& error) {
    return error.key() + ": " + error.what() + " | " + error.hint();
  }
  return {};
}

Sir::Params sound() {
  Sir::Params p;
  p.times = {1.0, 2.0};
  return p;
}

TEST(OdeKeys, NameInputsAndOutputs) {
  Sir::Params p = sound();
  p.observe = {"infectious", "new_cases"}, p.transform = Transform::sqrt;
  const auto model = Sir::make(p);
  const model::Shape& shape = model->shape();
  EXPECT_EQ(shape.input_names, (std::vector<std::string>{"beta", "gamma", "infectious0"}));
  EXPECT_EQ(shape.output_names, (std::vector<std::string>{"sqrt infectious(1)", "sqrt new_cases(1)",
                                                          "sqrt infectious(2)", "sqrt new_cases(2)"}));
}

TEST(OdeKeys, EndAndObservationsAreEquallySpacedTimes) {
  Sir::Params p = sound();
  p.start = 1.0, p.times = {2.0, 3.0, 4.0};
  Sir::Params q = p;
  q.times.clear(), q.end = 4.0, q.observations = 3;
  EXPECT_EQ(outputs_at(*Sir::make(p), {0.4, 0.1, 2.0}), outputs_at(*Sir::make(q), {0.4, 0.1, 2.0}));
}

TEST(OdeKeys, StepsAreEqualAndNoneIsLongerThanDt) {
  Sir::Params p = sound();
  p.times = {0.0, 0.1 + 0.2, 1.0}, p.dt = 0.1;  // (0.1 + 0.2) / 0.1 is 3.0000000000000004
  System system{1, {{"beta", 1.0}, {"gamma", 1.0}, {"infectious0", 1.0}}, {{"new_cases", {{0, 1.0}}}}, false, {}};
  const Plan plan(p, system);
  ASSERT_EQ(plan.pieces.size(), 3u);
  EXPECT_EQ(plan.pieces[0].steps, 0);
  EXPECT_EQ(plan.pieces[1].steps, 3);
  EXPECT_EQ(plan.pieces[2].steps, 7);
  EXPECT_DOUBLE_EQ(plan.pieces[2].h, 0.1);
}

TEST(OdeKeys, UnknownNamesAreRefusedWithTheNearest) {
  Sir::Params p = sound();
  p.unknown = {"beta", "gama"};
  EXPECT_THAT(complaint<Sir>(p), testing::AllOf(HasSubstr("unknown: "), HasSubstr("'gama'"), HasSubstr("'gamma'")));
  p.unknown = {"beta", "beta"};
  EXPECT_THAT(complaint<Sir>(p), testing::AllOf(HasSubstr("unknown: "), HasSubstr("'beta' stands there twice")));
  p.unknown = {};
  EXPECT_THAT(complaint<Sir>(p), HasSubstr("unknown: names nothing"));
  p = sound();
  p.observe = {"new_case"};
  EXPECT_THAT(complaint<Sir>(p), testing::AllOf(HasSubstr("observe: "), HasSubstr("'new_cases'")));
}

TEST(OdeKeys, WrongTimesAreRefused) {
  Sir::Params p = sound();
  p.times = {1.0, 3.0, 3.0};
  EXPECT_THAT(complaint<Sir>(p), HasSubstr("times: they do not increase: 3 comes after 3"));
  p.times = {-1.0};
  EXPECT_THAT(complaint<Sir>(p), HasSubstr("-1 comes before start = 0"));
  p.times = {};
  EXPECT_THAT(complaint<Sir>(p), HasSubstr("observations: the observation times are not given"));
  p.observations = 3;
  EXPECT_THAT(complaint<Sir>(p), HasSubstr("not given"));
  p.end = 0.0;
  EXPECT_THAT(complaint<Sir>(p), HasSubstr("end: 0 does not come after start = 0"));
  p.end = 3.0, p.times = {1.0};
  EXPECT_THAT(complaint<Sir>(p), HasSubstr("end: the observation times are given twice"));
  p = sound();
  p.dt = 1e-9;
  EXPECT_THAT(complaint<Sir>(p), HasSubstr("dt: 1e-09 means more than 10000000 steps"));
}

TEST(OdeKeys, Lorenz96TakesAsManyInitialValuesAsVariablesAndNamesThemTogether) {
  Lorenz96::Params p;
  p.variables = 5, p.times = {0.1}, p.unknown = {"initial"}, p.observe = {"x"};
  EXPECT_EQ(Lorenz96::make(p)->shape().inputs, 5);
  EXPECT_EQ(Lorenz96::make(p)->shape().output_names[4], "x_4(0.1)");
  p.initial = {1.0, 2.0};
  EXPECT_THAT(complaint<Lorenz96>(p), HasSubstr("initial: 2 values for 5 variables"));
}

}  // namespace
}  // namespace aleator::ode
