#pragma once
/// What      New samples of the law that given points come from: Langevin dynamics with a score learned from the points, started
///           at the points and stopped early.
/// Method    Koehler, Vuong 2023: a score learned by score matching knows each mode of a law, but not the weights of modes
///           between which there are no points; chains that start at the points bring the weights along and need to mix within
///           modes only. Score by prob/score_matching.hpp. Member j starts at point floor(j n / J) of the n points and steps
///             z_k += h s_k(z) / f_k + sqrt(2 h / f_k) xi_k,  f_k the mean of s_k^2 over the points,
///           so that h is in units of the width of a mode. In latent coordinates; the problem's likelihood does not enter, but is
///           evaluated at the end, for what follows (sampler/polish, sampler/importance). Biased by h and the score's error.
/// Parallel  collective; same bits on any number of ranks: every rank learns the score.
/// Cost      the fit (prob/score_matching.hpp), then J M (4 d + 20) flops a step; 2 J model runs without derivatives.
/// Fails     UserError as prob/score_matching.hpp; NumericsError when all members end with likelihood zero; objects to points of
///           another number of parameters or outside the prior's support.
#include "io/files.hpp"
#include "prob/score_matching.hpp"
#include "sampler/sampler.hpp"

namespace aleator::sampler {

struct DataLangevin {
  enum class Start { data, prior };
  struct Params {
    deck::File data;
    int members = 1000;
    int centres = 200;
    int iterations = 40;
    double step = 0.05;
    Start start = Start::data;
  };
  struct State : BaseState {
    prob::LearnedScore score;
    void fields(io::Archive& archive);
  };
  static deck::Schema<Params> schema();
  Plan plan() const { return {Plan::Kind::ensemble, params.members, 1, false, 1, false}; }
  std::string objection(const Problem& problem) const;

  State init(const Problem& problem, const Context& context) const;
  StepInfo step(const Problem& problem, const Context& context, State& s) const;

  Params params;
};

}  // namespace aleator::sampler
