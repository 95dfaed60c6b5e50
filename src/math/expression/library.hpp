#pragma once
/// What      The functions of formulas that are formulas themselves: densities, links, tables of them.
/// Method    a text of definitions `name(a, b) = formula`, parsed once; a call puts the formula on the Tape.
///           For every `x_lpdfs` and `x_lpmfs` (one log-density an entry) there is `x_lpdf`, `x_lpmf`: their sum.
/// Parallel  local.
/// Cost      parsing: once a program.
/// Fails     -
#include <map>
#include <string>

#include "math/expression/syntax.hpp"

namespace aleator::math {

/// By name; the order of the arguments is that of Stan.
const std::map<std::string, Definition>& formula_library();

}  // namespace aleator::math
