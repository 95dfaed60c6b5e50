#include "prob/prior/product.hpp"

#include <algorithm>

#include <set>
#include <utility>

namespace aleator::prob {

deck::Schema<Product::Params> Product::schema() {
  deck::Schema<Params> s("Product of independent priors", "");
  s.reference("parts", &Params::parts, "prior", "prior blocks, in the order of the parameters").required();
  return s;
}

Product::Product(std::vector<Part> parts) : parts_(std::move(parts)) {
  if (parts_.empty()) throw deck::KeyError("parts", "names no prior");
  std::set<std::string> names;
  for (const Part& part : parts_) {
    dimension_ += part.prior->dimension(), latent_dimension_ += part.prior->latent_dimension();
    for (const Variable& variable : part.prior->variables(part.name))  // results hold one array of each name
      if (!names.insert(variable.name).second)
        throw deck::KeyError("parts", "names '" + variable.name + "' twice",
                             "give each group of parameters a prior block of its own");
  }
}

void Product::to_parameters(const double* z, double* u) const {
  for (const Part& part : parts_) {
    part.prior->to_parameters(z, u);
    z += part.prior->latent_dimension(), u += part.prior->dimension();
  }
}

void Product::to_latent(const double* u, double* z) const {
  for (const Part& part : parts_) {
    part.prior->to_latent(u, z);
    z += part.prior->latent_dimension(), u += part.prior->dimension();
  }
}

void Product::pullback(const double* z, const double* g_u, double* g_z) const {
  for (const Part& part : parts_) {
    part.prior->pullback(z, g_u, g_z);
    z += part.prior->latent_dimension(), g_u += part.prior->dimension(), g_z += part.prior->latent_dimension();
  }
}

bool Product::is_continuous() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.prior->is_continuous(); });
}

bool Product::has_density() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.prior->has_density(); });
}

double Product::log_density(const double* u) const {
  double sum = 0.0;
  for (const Part& part : parts_) {
    sum += part.prior->log_density(u);
    u += part.prior->dimension();
  }
  return sum;
}

std::vector<Variable> Product::variables(const std::string&) const {
  std::vector<Variable> all;
  for (const Part& part : parts_)
    for (const Variable& variable : part.prior->variables(part.name)) all.push_back(variable);
  return all;
}

const DensitySlope* Product::density_slope() const {
  for (const Part& part : parts_)
    if (part.prior->density_slope() == nullptr) return nullptr;
  return this;
}

void Product::log_density_gradient(const double* u, double* g) const {
  for (const Part& part : parts_) {
    part.prior->density_slope()->log_density_gradient(u, g);
    u += part.prior->dimension(), g += part.prior->dimension();
  }
}

}  // namespace aleator::prob
