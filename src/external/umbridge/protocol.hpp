#pragma once
/// What      The JSON of the UM-Bridge protocol 1.0: requests written, replies read.
/// Method    https://um-bridge-benchmarks.readthedocs.io (protocol). Numbers are written with the fewest digits that read back
///           to the same double, always with a point, so that a server in Python sees a float; the arrays of a reply are read
///           by one pass over its text, anything else by a JSON library. `nan`, `inf`, `NaN`, `Infinity` and `null` (as the
///           reference servers write what JSON has no word for) are understood.
/// Parallel  local.
/// Cost      some 50 ns a number.
/// Fails     UmbridgeError, with what the server said: a row that fails.
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace aleator::external {

/// The server answered, but not with the numbers asked for: {"error": …}, another size, no JSON.
class UmbridgeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Discarded where the text is no JSON, or nested deeper than any message is: the library writes and ends trees by recursion.
nlohmann::json parsed_json(const std::string& text);

int total_size(const std::vector<int>& sizes);

/// `[1.0,2.5]`
void append_vector(std::string& out, const double* values, int size);
/// `[[1.0,2.5],[3.0]]`: the values one after the other, cut by the sizes.
void append_vectors(std::string& out, const double* values, const std::vector<int>& sizes);
/// `"text"`, escaped.
void append_text(std::string& out, const std::string& text);

/// Reads {"output": [[…], …]} into `values`, whose sizes must fit exactly.
void read_outputs(const std::string& reply, const std::vector<int>& sizes, double* values);
/// Reads {"output": […]}.
void read_output(const std::string& reply, int size, double* values);
/// "the server answered …": the error object in a reply, else its beginning; for messages.
std::string error_in(int status, const std::string& reply);

}  // namespace aleator::external
