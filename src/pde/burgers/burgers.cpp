#include "pde/burgers/burgers.hpp"

#include <fmt/format.h>

#include "pde/burgers/equation.hpp"

namespace aleator::pde::burgers {

deck::Schema<Params> schema() {
  deck::Schema<Params> s(
      "Burgers' equation u_t + u . grad u = nu lap u on a circle or a torus: the initial condition from later values",
      "Burgers 1948; conservative central differences, Tadmor 1984");
  s.key("dimension", &Params::dimension, "1", "1: a circle; 2: a torus, with the velocity (u, v)", deck::between(1, 2))
      .key("mesh", &Params::mesh, "1", "number of grid points along each axis, at i length / mesh",
           deck::between(4, 1000000))
      .key("length", &Params::length, "1", "circumference, along each axis", deck::positive())
      .key("unknowns", &Params::unknowns, "1",
           "the initial condition has this many unknown values, at k length / unknowns, and is linear between them; "
           "all values for unknowns = mesh. On a torus so many along each axis, k = i + unknowns j: those of u, then "
           "those of v",
           deck::between(2, 1000000))
      .key("viscosity", &Params::viscosity, "1", "nu, when it is known", deck::positive())
      .only_with("viscosity_is_unknown = false", [](const Params& p) { return !p.viscosity_is_unknown; })
      .key("viscosity_is_unknown", &Params::viscosity_is_unknown, "", "whether nu is the last of the unknowns");
  nodal::add_initial_state_key(s, "0");
  evolution::add_common_keys(s);
  s.check("unknowns", [](const Params& p) {
    return p.unknowns <= p.mesh ? std::string()
                                : fmt::format("unknowns = {} is more than mesh = {}", p.unknowns, p.mesh);
  });
  s.check("mesh", [](const Params& p) {
    constexpr int largest = 4096;
    return p.dimension == 1 || p.mesh <= largest
               ? std::string()
               : fmt::format("mesh = {} is more than {} along each axis of a torus", p.mesh, largest);
  });
  return s;
}

std::unique_ptr<model::ForwardModel> make(const Params& params, std::shared_ptr<parallel::ProcessGrid> ranks) {
  const auto make = [params](evolution::Share share) {
    return params.dimension == 1 ? make_circle(params, share) : make_plane(params, share);
  };
  return std::make_unique<evolution::Engine>("pde/burgers", make, params, std::move(ranks));
}

}  // namespace aleator::pde::burgers
