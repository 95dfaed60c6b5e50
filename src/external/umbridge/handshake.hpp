#pragma once
/// What      Asks UM-Bridge servers which models they have, and one of them for its sizes and abilities.
/// Method    GET /Info, then POST /InputSizes, /OutputSizes and /ModelInfo with the deck's configuration.
/// Parallel  rank 0 asks, all ranks get the answer or the same error.
/// Cost      four requests a server.
/// Fails     KeyError at `urls` or `name`. A server that cannot be reached is a warning as long as another one answers.
#include "external/umbridge/client.hpp"

namespace aleator::external {

UmbridgeModel::Description ask_servers(const UmbridgeModel::Params& params, deck::Builder& builder);

}  // namespace aleator::external
