#include "model/problem.hpp"

namespace aleator::model {

double latent_log_prior(const double* z, int dimension) {
  constexpr double half_log_two_pi = 0.918938533204672741780329736406;
  double squares = 0.0;
  for (int k = 0; k < dimension; ++k) squares += z[k] * z[k];
  return -0.5 * squares - dimension * half_log_two_pi;
}

}  // namespace aleator::model
