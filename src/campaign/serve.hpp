#pragma once
/// What      `aleator serve`: the models and problems of a deck, for other programs, by the UM-Bridge protocol.
/// Method    Each [model.NAME] is served as NAME. Each [problem.NAME] as NAME, the log of its posterior density (unnormalised)
///           at parameters u, and as NAME.latent, the same in latent coordinates z, where it has a gradient.
/// Parallel  one rank, its threads in the models.
/// Cost      see external/umbridge/service.hpp.
/// Fails     UserError: an address that cannot be had, a name the deck does not have, more than one rank.
#include <string>

#include "deck/deck.hpp"
#include "parallel/comm.hpp"

namespace aleator::campaign {

struct ServeRequest {
  std::string deck;
  deck::Overrides overrides;
  std::string host = "127.0.0.1";
  int port = 4242;
  std::string model;  ///< one model or problem alone; empty: all
};

/// Returns when SIGTERM, SIGINT or SIGUSR1 came.
void serve(const parallel::Comm& comm, const ServeRequest& request);

}  // namespace aleator::campaign
