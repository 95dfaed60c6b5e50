#include "pde/transport/faces.hpp"

#include <algorithm>

#include "math/bernoulli.hpp"

namespace aleator::pde::transport {

Faces::Faces(const evolution::Grid& grid, const std::array<Side, 4>& sides)
    : grid_(grid),
      sides_(sides),
      nx_(grid.points[0]),
      rows_(grid.size() / nx_),
      first_row_(grid.row_of(0)),
      across_x_((nx_ + 1) * rows_),
      h_{grid.spacing(0), grid.spacing(1)} {}

std::vector<double> Faces::corner(int index) const {
  return {index % (nx_ + 1) * h_[0], (first_row_ + index / (nx_ + 1)) * h_[1]};
}

// work(face, its index)
template <class Work>
void Faces::for_each(const Work& work) const {
  int at = 0;
  for (int row = 0; row < rows_; ++row)
    for (int i = 0; i <= nx_; ++i, ++at) {
      const int corner = row * (nx_ + 1) + i;
      const Side* const side = i == 0 ? &sides_[left] : i == nx_ ? &sides_[right] : nullptr;
      work(Face{0, corner, corner + nx_ + 1, side, i == 0}, at);
    }
  for (int row = 0; row <= rows_; ++row) {
    const int place = first_row_ + row;
    const Side* const side = place == 0 ? &sides_[bottom] : place == grid_.rows() ? &sides_[top] : nullptr;
    for (int i = 0; i < nx_; ++i, ++at) {
      const int corner = row * (nx_ + 1) + i;
      work(Face{1, corner, corner + 1, side, place == 0}, at);
    }
  }
}

double Faces::speed(const Face& face, const Medium& medium) const {
  const double difference =
      medium.psi[static_cast<std::size_t>(face.next_corner)] - medium.psi[static_cast<std::size_t>(face.corner)];
  return medium.wind[face.axis] + (face.axis == 0 ? difference / h_[1] : -difference / h_[0]);
}

Faces::Law Faces::law(const Face& face, const Medium& medium) const {
  const double speed = this->speed(face, medium), h = h_[face.axis];
  Law law;
  if (face.side == nullptr || face.side->kind == Side::Kind::given) {
    const double way = face.side == nullptr ? h : 0.5 * h, scale = 1.0 / (way * h);  // between the two values
    const math::FittedFlux flux = math::fitted_flux(way * speed, medium.diffusivity);
    law.a = scale * flux.forth, law.b = scale * flux.back;
    law.b_speed = scale * way * flux.by_drift, law.a_speed = law.b_speed + scale * way;
    law.a_diffusivity = law.b_diffusivity = scale * flux.by_diffusivity;
  } else if (face.side->kind == Side::Kind::open) {
    const double outwards = face.is_low ? -speed : speed;
    double& to = face.is_low ? law.b : law.a;
    to = std::max(0.0, outwards) / h;
    if (outwards > 0.0) (face.is_low ? law.b_speed : law.a_speed) = (face.is_low ? -1.0 : 1.0) / h;
  }
  return law;
}

void Faces::flow(const Medium& medium, double* a, double* b) const {
  for_each([&](const Face& face, int at) {
    const Law law = this->law(face, medium);
    a[at] = law.a, b[at] = law.b;
  });
}

void Faces::tangent(const Medium& medium, const Medium& change, double* da, double* db) const {
  for_each([&](const Face& face, int at) {
    const Law law = this->law(face, medium);
    const double d_speed = speed(face, change), d_diffusivity = change.diffusivity;
    da[at] = law.a_speed * d_speed + law.a_diffusivity * d_diffusivity;
    db[at] = law.b_speed * d_speed + law.b_diffusivity * d_diffusivity;
  });
}

void Faces::add_transposed(const Medium& medium, const double* ga, const double* gb, Medium& g) const {
  for_each([&](const Face& face, int at) {
    const Law law = this->law(face, medium);
    const double g_speed = law.a_speed * ga[at] + law.b_speed * gb[at];
    const double g_difference = face.axis == 0 ? g_speed / h_[1] : -g_speed / h_[0];
    g.diffusivity += law.a_diffusivity * ga[at] + law.b_diffusivity * gb[at];
    g.wind[face.axis] += g_speed;
    g.psi[static_cast<std::size_t>(face.next_corner)] += g_difference;
    g.psi[static_cast<std::size_t>(face.corner)] -= g_difference;
  });
}

}  // namespace aleator::pde::transport
