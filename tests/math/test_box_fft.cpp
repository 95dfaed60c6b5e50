#include "math/box_fft.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace aleator::math {
namespace {

using Shape = BoxFft::Shape;

std::vector<double> values_of(int n) {
  std::vector<double> v(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) v[i] = std::sin(1.0 + 0.7 * i * i);
  return v;
}

int cells(const Shape& s) { return s[0] * s[1] * s[2]; }

double phase(const Shape& period, const Shape& k, const Shape& j) {
  double angle = 0.0;
  for (int axis = 0; axis < 3; ++axis) angle += 2.0 * M_PI * k[axis] * j[axis] / period[axis];
  return angle;
}

Complex sum_by_hand(const Shape& period, const Shape& given, const std::vector<double>& v, const Shape& k) {
  Complex sum = 0.0;
  std::size_t at = 0;
  for (int c = 0; c < given[2]; ++c)
    for (int b = 0; b < given[1]; ++b)
      for (int a = 0; a < given[0]; ++a, ++at) sum += v[at] * std::polar(1.0, -phase(period, k, {a, b, c}));
  return sum;
}

std::vector<Complex> spectrum(const BoxFft& fft, const std::vector<double>& v, const Shape& given) {
  std::vector<Complex> x(static_cast<std::size_t>(fft.columns()) * fft.column_size());
  fft.to_spectrum(v.data(), given, [&](int column, const Complex* in) {
    for (int i = 0; i < fft.column_size(); ++i) x[static_cast<std::size_t>(column) * fft.column_size() + i] = in[i];
  });
  return x;
}

std::vector<double> values(const BoxFft& fft, const std::vector<Complex>& x, const Shape& wanted) {
  std::vector<double> v(static_cast<std::size_t>(cells(wanted)));
  fft.to_values(
      [&](int column, Complex* out) {
        for (int i = 0; i < fft.column_size(); ++i)
          out[i] = x[static_cast<std::size_t>(column) * fft.column_size() + i];
      },
      wanted, v.data());
  return v;
}

struct Setting {
  Shape period, part;
};
const std::vector<Setting> settings = {{{30, 1, 1}, {13, 1, 1}}, {{18, 12, 1}, {7, 5, 1}}, {{6, 10, 7}, {4, 3, 2}}};

TEST(BoxFft, SpectrumOfAPartIsTheSumByHand) {
  for (const Setting& s : settings) {
    const BoxFft fft(s.period);
    const std::vector<double> v = values_of(cells(s.part));
    const std::vector<Complex> x = spectrum(fft, v, s.part);
    for (int kz = 0; kz < s.period[2]; ++kz)
      for (int ky = 0; ky < s.period[1]; ++ky)
        for (int kx = 0; kx < fft.half(); ++kx) {
          const int place = s.period[2] > 1 ? kz + s.period[2] * (kx + fft.half() * ky) : ky + s.period[1] * kx;
          EXPECT_LT(std::abs(x[place] - sum_by_hand(s.period, s.part, v, {kx, ky, kz})), 1e-13 * cells(s.period));
        }
  }
}

TEST(BoxFft, PartOfTheValuesComesBack) {
  for (const Setting& s : settings) {
    const BoxFft fft(s.period);
    const std::vector<double> v = values_of(cells(s.period));
    const std::vector<double> part = values(fft, spectrum(fft, v, s.period), s.part);
    std::size_t at = 0;
    for (int c = 0; c < s.part[2]; ++c)
      for (int b = 0; b < s.part[1]; ++b)
        for (int a = 0; a < s.part[0]; ++a, ++at)
          EXPECT_NEAR(part[at] / cells(s.period), v[a + s.period[0] * (b + s.period[1] * c)], 1e-14);
  }
}

TEST(BoxFft, FastPeriodsAreEvenProductsOfSmallPrimes) {
  EXPECT_EQ(BoxFft::fast_period(1), 2);
  EXPECT_EQ(BoxFft::fast_period(11), 12);
  EXPECT_EQ(BoxFft::fast_period(22), 24);
  EXPECT_EQ(BoxFft::fast_period(2046), 2048);
}

}  // namespace
}  // namespace aleator::math
