#include "prob/register.hpp"

#include "deck/builder.hpp"
#include "prob/field/circulant.hpp"
#include "prob/field/conditioned.hpp"
#include "prob/field/karhunen_loeve.hpp"
#include "prob/field/levelset.hpp"
#include "prob/field/matern_mesh.hpp"
#include "prob/field/matern_spde.hpp"
#include "prob/field/piecewise_constant.hpp"
#include "prob/prior/closed_laws.hpp"
#include "prob/prior/dirichlet.hpp"
#include "prob/prior/hierarchical.hpp"
#include "prob/prior/lkj.hpp"
#include "prob/prior/log_normal.hpp"
#include "prob/prior/normal.hpp"
#include "prob/prior/ordered.hpp"
#include "prob/prior/positive_laws.hpp"
#include "prob/prior/product.hpp"
#include "prob/prior/real_laws.hpp"
#include "prob/prior/uniform.hpp"

namespace aleator::prob {
namespace {

template <typename Component>
void add_prior(deck::Registry& registry, const std::string& name) {
  registry.add<Prior, typename Component::Params>(
      "prior", name, Component::schema(),
      [](const typename Component::Params& params, deck::Builder&) { return std::make_unique<Component>(params); });
}

std::vector<Product::Part> named_parts(const std::vector<std::string>& names, deck::Builder& builder) {
  std::vector<Product::Part> parts;
  for (const std::string& name : names) parts.push_back({name, builder.get<Prior>("prior", name)});
  return parts;
}

}  // namespace

void register_components(deck::Registry& registry) {
  add_prior<Normal>(registry, "prior/normal");
  add_prior<LogNormal>(registry, "prior/log_normal");
  add_prior<Uniform>(registry, "prior/uniform");
  add_prior<Gamma>(registry, "prior/gamma");
  add_prior<InverseGamma>(registry, "prior/inverse_gamma");
  add_prior<Exponential>(registry, "prior/exponential");
  add_prior<HalfNormal>(registry, "prior/half_normal");
  add_prior<HalfCauchy>(registry, "prior/half_cauchy");
  add_prior<StudentT>(registry, "prior/student_t");
  add_prior<TruncatedNormal>(registry, "prior/truncated_normal");
  add_prior<Beta>(registry, "prior/beta");
  add_prior<LogUniform>(registry, "prior/log_uniform");
  add_prior<Triangular>(registry, "prior/triangular");
  add_prior<Laplace>(registry, "prior/laplace");
  add_prior<Logistic>(registry, "prior/logistic");
  add_prior<Gumbel>(registry, "prior/gumbel");
  add_prior<Weibull>(registry, "prior/weibull");
  add_prior<Pareto>(registry, "prior/pareto");
  add_prior<Dirichlet>(registry, "prior/dirichlet");
  add_prior<Lkj>(registry, "prior/lkj");
  add_prior<MaternSpde>(registry, "prior/matern_spde");
  add_prior<MaternMesh>(registry, "prior/matern_mesh");
  add_prior<KarhunenLoeve>(registry, "prior/karhunen_loeve");
  add_prior<Circulant>(registry, "prior/circulant");
  add_prior<PiecewiseConstant>(registry, "prior/piecewise_constant");
  registry.add<Prior, Levelset::Params>(
      "prior", "prior/levelset", Levelset::schema(), [](const Levelset::Params& params, deck::Builder& builder) {
        return std::make_unique<Levelset>(params, builder.get<Prior>("prior", params.field));
      });
  registry.add<Prior, Conditioned::Params>("prior", "prior/conditioned", Conditioned::schema(),
                                           [](const Conditioned::Params& params, deck::Builder& builder) {
                                             return std::make_unique<Conditioned>(
                                                 params, builder.get<Prior>("prior", params.field));
                                           });
  registry.add<Prior, Ordered::Params>(
      "prior", "prior/ordered", Ordered::schema(), [](const Ordered::Params& params, deck::Builder& builder) {
        return std::make_unique<Ordered>(params, builder.get<Prior>("prior", params.values));
      });
  registry.add<Prior, Product::Params>("prior", "prior/product", Product::schema(),
                                       [](const Product::Params& params, deck::Builder& builder) {
                                         return std::make_unique<Product>(named_parts(params.parts, builder));
                                       });
  registry.add<Prior, Hierarchical::Params>("prior", "prior/hierarchical", Hierarchical::schema(),
                                            [](const Hierarchical::Params& params, deck::Builder& builder) {
                                              return std::make_unique<Hierarchical>(params,
                                                                                    named_parts(params.parts, builder));
                                            });
}

}  // namespace aleator::prob
