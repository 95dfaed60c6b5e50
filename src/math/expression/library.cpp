#include "math/expression/library.hpp"

namespace aleator::math {
namespace {

// 0.918938533204672742 = ln(2 pi) / 2. Outside the support a density is -infinity, for parameters that no law has it is not a
// number, of itself (log of a scale) or by require_…; the branch of an `if` that is not taken has no part in the gradient.
// lgamma_rise(x, k) = ln Gamma(x + k) - ln Gamma(x): where the two would cancel
// by Stirling's series, whose first term left out is below 1 / (360 x^3).
constexpr const char* library_text = R"(
logit(p) = log(p) - log1p(-p)
log1m(x) = log1p(-x)
log10(x) = log(x) / 2.302585092994045684
log2(x) = log(x) / 0.693147180559945309
ceil(x) = -floor(-x)
round(x) = floor(x + 0.5)
sign(x) = (x > 0) - (x < 0)
hypot(x, y) = sqrt(square(x) + square(y))
lgamma_rise(x, k) = if(x < 1e4, lgamma(x + k) - lgamma(x),
  (x + k - 0.5) * log1p(k / x) + k * (log(x) - 1) - k / (12 * x * (x + k)))
lbeta(a, b) = if(a > b, lgamma(b) - lgamma_rise(a, b), lgamma(a) - lgamma_rise(b, a))
lchoose(n, k) = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
normal_cdf(x) = exp(log_normal_cdf(x))
log_add_exp(a, b) = if(a > b, a + log1p_exp(b - a), if(b == -infinity, b, b + log1p_exp(a - b)))
log_diff_exp(a, b) = a + log(-expm1(b - a))
log_mix(p, a, b) = log_add_exp(log(p) + a, log1p(-p) + b)
softmax(x) = exp(x - log_sum_exp(x))
log_softmax(x) = x - log_sum_exp(x)
variance(x) = sum(square(x - mean(x))) / (length(x) - 1)
sd(x) = sqrt(variance(x))
diff(x) = x[1:] - x[:length(x) - 1]
cumsum(x) = recurrence(0, 1, x)
linspace(a, b, n) = a + (b - a) * range(n) / (n - 1)
column(m, k, columns) = m[k + columns * range(length(m) / columns)]
row(m, k, columns) = m[k * columns : (k + 1) * columns]
identity(n) = each(range(n), n) == rep(range(n), n)
interp(x, xs, ys) = ys[0] + mat_vec(
  min(max(each(x, length(xs) - 1) - rep(xs[:length(xs) - 1], length(x)), 0), rep(diff(xs), length(x))),
  diff(ys) / diff(xs))

require_positive(x) = if(x > 0, x, infinity - infinity)
require_not_negative(x) = if(x >= 0, x, infinity - infinity)
require_probability(p) = if(p >= 0 && p <= 1, p, infinity - infinity)

normal_lpdfs(x, mean, sd) = square((x - mean) / sd) * -0.5 - (log(sd) + 0.918938533204672742)
student_t_lpdfs(x, nu, location, scale) = lgamma_rise(nu / 2, 0.5) - log(nu * pi) / 2 - log(scale)
  - (nu + 1) / 2 * log1p(square((x - location) / scale) / nu)
cauchy_lpdfs(x, location, scale) = -log(pi * scale) - log1p(square((x - location) / scale))
laplace_lpdfs(x, location, scale) = -log(2 * scale) - abs(x - location) / scale
logistic_lpdfs(x, location, scale) = (location - x) / scale - log(scale) - 2 * log1p_exp((location - x) / scale)
gumbel_lpdfs(x, location, scale) = (location - x) / scale - exp((location - x) / scale) - log(scale)
skew_normal_lpdfs(x, location, scale, shape) = normal_lpdfs(x, location, scale) + 0.693147180559945309
  + log_normal_cdf(shape * (x - location) / scale)
log_normal_lpdfs(x, mean_log, sd_log) = if(x > 0, normal_lpdfs(log(x), mean_log, sd_log) - log(x), -infinity)
half_normal_lpdfs(x, scale) = if(x >= 0, normal_lpdfs(x, 0, scale) + 0.693147180559945309, -infinity)
half_cauchy_lpdfs(x, scale) = if(x >= 0, cauchy_lpdfs(x, 0, scale) + 0.693147180559945309, -infinity)
exponential_lpdfs(x, rate) = if(x >= 0, log(rate) - rate * x, -infinity)
gamma_lpdfs(x, shape, rate) = if(x > 0, shape * log(rate) - lgamma(require_positive(shape))
  + (shape - 1) * log(x) - rate * x, -infinity)
inverse_gamma_lpdfs(x, shape, scale) = if(x > 0,
  shape * log(scale) - lgamma(require_positive(shape)) - (shape + 1) * log(x) - scale / x, -infinity)
weibull_lpdfs(x, shape, scale) = if(x > 0,
  log(shape / scale) + (shape - 1) * log(x / scale) - (x / scale) ^ shape, -infinity)
pareto_lpdfs(x, minimum, shape) = if(x >= minimum, log(shape) + shape * log(minimum) - (shape + 1) * log(x), -infinity)
beta_lpdfs(x, a, b) = if(x > 0 && x < 1, (a - 1) * log(x) + (b - 1) * log1p(-x)
  - lbeta(require_positive(a), require_positive(b)), -infinity)
uniform_lpdfs(x, low, high) = if((x >= low && x <= high) || low >= high, -log(require_positive(high - low)), -infinity)
dirichlet_lpdf(x, a) = if(abs(sum(x) - 1) < 1e-6, sum(if(a == 1, 0 * a, (require_positive(a) - 1) * log(x)))
  + lgamma(sum(a + 0 * x)) - sum(lgamma(a + 0 * x)), infinity - infinity)

poisson_lpmfs(k, mean) = if(k < 0, -infinity, if(k > 0, k * log(mean), 0) - require_not_negative(mean)
  - lgamma(k + 1))
poisson_log_lpmfs(k, log_mean) = if(k < 0, -infinity, if(k > 0, k * log_mean, 0) - exp(log_mean) - lgamma(k + 1))
bernoulli_lpmfs(k, p) = if(k == 1, log(require_probability(p)),
  if(k == 0, log1p(-require_probability(p)), -infinity))
bernoulli_logit_lpmfs(k, logit_p) = if(k == 1 || k == 0, k * logit_p - log1p_exp(logit_p), -infinity)
binomial_lpmfs(k, n, p) = if(k < 0 || k > n, -infinity,
  lchoose(n, k) + if(k > 0, k * log(require_probability(p)), 0)
  + if(k < n, (n - k) * log1p(-require_probability(p)), 0))
binomial_logit_lpmfs(k, n, logit_p) = if(k < 0 || k > n, -infinity, lchoose(n, k) + k * logit_p - n * log1p_exp(logit_p))
beta_binomial_lpmfs(k, n, a, b) = if(k < 0 || k > n, -infinity, lchoose(n, k)
  + lbeta(k + a, n - k + b) - lbeta(require_positive(a), require_positive(b)))
neg_binomial_lpmfs(k, mean, shape) = if(k < 0, -infinity, lgamma_rise(shape, k) - lgamma(k + 1)
  - shape * log1p(require_not_negative(mean) / require_positive(shape)) + if(k > 0, k * log(mean / (shape + mean)), 0))
neg_binomial_log_lpmfs(k, log_mean, shape) = if(k < 0, -infinity, lgamma_rise(shape, k) - lgamma(k + 1)
  - shape * log1p_exp(log_mean - log(shape)) - k * log1p_exp(log(shape) - log_mean))
geometric_lpmfs(k, p) = if(k < 0, -infinity, log(require_probability(p)) + if(k > 0, k * log1p(-p), 0))
)";

// A definition goes on in the next line inside brackets: here also where a line is indented.
std::string with_lines_joined(std::string text) {
  for (std::size_t at = text.find("\n  "); at != std::string::npos; at = text.find("\n  ", at)) text[at] = ' ';
  return text;
}

std::map<std::string, Definition> made_library() {
  std::map<std::string, Definition> all;
  for (Definition& one : parse_definitions(with_lines_joined(library_text))) {
    const bool is_elementwise =
        one.name.size() > 6 && one.name.back() == 's' && one.name.find("_lp") != std::string::npos;
    if (is_elementwise) {
      Definition total{one.name.substr(0, one.name.size() - 1), 0, {}, one.arguments};
      Syntax each{Syntax::Kind::call, 0, 0.0, one.name, {}};
      for (const std::string& argument : one.arguments)
        each.parts.push_back({Syntax::Kind::name, 0, 0.0, argument, {}});
      total.value = {Syntax::Kind::call, 0, 0.0, "sum", {std::move(each)}};
      all.emplace(total.name, total);
    }
    all.emplace(one.name, std::move(one));
  }
  return all;
}

}  // namespace

const std::map<std::string, Definition>& formula_library() {
  static const std::map<std::string, Definition> all = made_library();
  return all;
}

}  // namespace aleator::math
