#pragma once
/// What      A forward model in a shared library that somebody else has built (aleator/plugin.hpp).
/// Method    dlopen of the file that the deck names; interface of C functions, checked by its version. Whole batches go over
///           in one call, or in one for each piece when the model may be called from several threads at once.
/// Parallel  every rank loads the library; rows spread over threads where the model allows it, else one call at a time.
/// Cost      the model's, and some 100 ns a call.
/// Fails     KeyError: no library, one for another interface, symbols missing, a configuration the model refuses. Rows that
///           the model fails, that have NaN in an output or an input that is not finite, and those whose call throws (a call
///           with several rows that throws is repeated row by row). A plugin that crashes ends the process (crash_guard.hpp).
#include <memory>

#include "deck/builder.hpp"
#include "deck/json_value.hpp"
#include "external/api/aleator/plugin.hpp"
#include "model/forward_model.hpp"
#include "model/gradient_check.hpp"

namespace aleator::external {

class PluginModel : public model::ForwardModel, private model::Adjoint, private model::Tangent {
 public:
  struct Params {
    deck::File library;
    std::string name;
    deck::JsonObject config;
  };
  static deck::Schema<Params> schema();
  static std::unique_ptr<PluginModel> make(const Params& params, deck::Builder& builder);
  explicit PluginModel(const Params& params);
  ~PluginModel() override;
  PluginModel(const PluginModel&) = delete;
  PluginModel& operator=(const PluginModel&) = delete;

  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override;
  const model::Adjoint* adjoint() const override { return plugin_.pullback != nullptr ? this : nullptr; }
  const model::Tangent* tangent() const override { return plugin_.pushforward != nullptr ? this : nullptr; }

 private:
  /// What a call needs beyond u and y; empty where it is not used.
  struct Arrays {
    model::Batch du, dy;
    model::ConstBatch direction;
    const model::Cotangent* cotangent = nullptr;
  };
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  model::RowStatus run(aleator_plugin_function_v1 function, model::ConstBatch u, model::Batch y,
                       const Arrays& arrays) const;
  std::vector<model::FailedRow> call(aleator_plugin_function_v1 function, model::ConstBatch u, model::Batch y,
                                     const Arrays& arrays, int first, int end) const;
  aleator_plugin_model_v1 plugin_{};
  std::string name_;
  mutable model::GradientCheck check_, tangent_check_;
  model::Shape shape_;
};

}  // namespace aleator::external
