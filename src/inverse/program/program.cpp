#include "inverse/program/program.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "core/log.hpp"
#include "core/utf8.hpp"
#include "io/files.hpp"
#include "math/expression/formula.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::inverse {
namespace {

// A placeholder is {name} or {name[3]}; other braces are the program's own, as those of JSON.
const std::regex& placeholder() {
  static const std::regex pattern(R"(\{([A-Za-z_][A-Za-z_0-9]*(\[[0-9]+\])?)\})");
  return pattern;
}

std::vector<std::string> entry_names_of(const std::vector<std::string>& parameters) {
  static const std::regex form(R"(([A-Za-z_][A-Za-z_0-9]*)(\[([0-9]{1,7})\])?)");
  std::vector<std::string> names;
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    std::smatch match;
    if (!std::regex_match(parameters[k], match, form))
      throw deck::KeyError("parameters", fmt::format("'{}' is no name", parameters[k]), "a name, or name[size]",
                           {static_cast<int>(k), 0});
    for (std::size_t before = 0; before < k; ++before)
      if (prob::array_of(parameters[before]) == match[1].str())
        throw deck::KeyError("parameters", fmt::format("'{}' is named twice", match[1].str()),
                             "a name for each parameter", {static_cast<int>(k), 0});
    const int size = match[3].matched ? std::stoi(match[3]) : 1;
    for (int i = 0; i < size; ++i)
      names.push_back(match[3].matched ? fmt::format("{}[{}]", match[1].str(), i) : match[1].str());
  }
  return names;
}

std::string end_of_file(const std::string& path) {
  constexpr std::size_t most = 400;
  if (!io::file_exists(path)) return {};
  std::string text = io::read_text_file(path);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  return core::end_of(text, most);
}

// JSON has no word for these; Python and JavaScript's libraries write them all the same.
const std::map<std::string, double>& words_of_numbers() {
  static const std::map<std::string, double> words{{"NaN", std::nan("")},
                                                   {"Infinity", std::numeric_limits<double>::infinity()},
                                                   {"-Infinity", -std::numeric_limits<double>::infinity()}};
  return words;
}

// Such words outside texts, put into quotes.
std::string with_quoted_words(const std::string& text) {
  std::string out;
  bool is_in_text = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_in_text && text[at] == '\\') {
      out += text[at++];
    } else if (text[at] == '"') {
      is_in_text = !is_in_text;
    } else if (!is_in_text) {
      const auto found = std::find_if(words_of_numbers().begin(), words_of_numbers().end(), [&](const auto& word) {
        return text.compare(at, word.first.size(), word.first) == 0;
      });
      if (found != words_of_numbers().end()) {
        out += '"' + found->first + '"';
        at += found->first.size() - 1;
        continue;
      }
    }
    if (at < text.size()) out += text[at];
  }
  return out;
}

nlohmann::json parsed_json(const std::string& text, const std::string& name) {
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_discarded()) return json;
  const std::string quoted = with_quoted_words(text);
  try {
    return nlohmann::json::parse(quoted);
  } catch (const nlohmann::json::parse_error& error) {
    const auto end = quoted.begin() + static_cast<std::ptrdiff_t>(std::min(error.byte, quoted.size()));
    throw core::UserError(fmt::format("{} is no JSON: line {}", name, 1 + std::count(quoted.begin(), end, '\n')));
  }
}

double number_from(const std::string& text, const std::string& pattern) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size())
    throw core::UserError(fmt::format("'{}', which '{}' picks, is no number", text, pattern));
  return value;
}

void append_numbers(const nlohmann::json& value, const std::string& pointer, std::vector<double>& out) {
  if (value.is_array()) {
    for (const nlohmann::json& entry : value) append_numbers(entry, pointer, out);
  } else if (value.is_number()) {
    out.push_back(value.get<double>());
  } else if (value.is_string() && words_of_numbers().count(value.get<std::string>()) != 0) {
    out.push_back(words_of_numbers().at(value.get<std::string>()));
  } else {
    throw core::UserError(fmt::format("{} is no number", pointer));
  }
}

// Folders lie on a file system that other nodes share.
std::string host() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "host";
}

// FNV-1a of the parameters and the attempt: a row has its seed on any number of ranks, and after a restart.
std::uint32_t seed_of(const double* u, int count, int attempt) {
  std::uint64_t hash = 0xCBF29CE484222325ull;
  const auto take = [&hash](const void* data, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
      hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 0x100000001B3ull;
  };
  take(u, static_cast<std::size_t>(count) * sizeof(double));
  take(&attempt, sizeof(attempt));
  return static_cast<std::uint32_t>(hash >> 33);  // 31 bits: positive for every language
}

}  // namespace

deck::Schema<ProgramModel::Params> ProgramModel::schema() {
  deck::Schema<Params> s("Another program as the forward model, run for each row in a folder of its own", "");
  s.key("command", &Params::command, "",
        "the program and its arguments, without a shell; {name} is a parameter's value; files in the deck's folder "
        "begin with ./")
      .required()
      .example("[\"true\"]");
  s.key("parameters", &Params::parameters, "", "names of the parameters in their order, arrays as theta[8]")
      .required()
      .example("[\"a\", \"b\"]");
  s.key("input", &Params::input, "", "template of the input file, with {name} for the values")
      .key("input_file", &Params::input_file, "", "what the input file is called where the program runs")
      .only_with("input", [](const Params& p) { return !p.input.text.empty(); })
      .key("output_file", &Params::output_file, "",
           "file the outputs are read from; stdout.txt is the standard output");
  s.choice("format", &Params::format, "how the outputs are read",
           {{"numbers", Format::numbers, "a table of numbers, row by row, or one column of it"},
            {"regex", Format::regex, "the first group of each regular expression under pick"},
            {"json", Format::json, "values of a JSON file, by the pointers under pick"}});
  s.key("pick", &Params::pick, "", "regular expressions with one group each, or JSON pointers such as /result/pressure")
      .key("column", &Params::column, "1", "column of the table to read, from 0; -1: all", deck::at_least(-1))
      .only_with("format = \"numbers\"", [](const Params& p) { return p.format == Format::numbers; })
      .key("outputs", &Params::outputs, "1", "number of outputs", deck::at_least(1))
      .key("timeout", &Params::timeout, "s", "a run that takes longer is ended and has failed; 0: none",
           deck::at_least(0))
      .may_change()
      .key("concurrency", &Params::concurrency, "1", "programs run at a time by each rank", deck::at_least(1))
      .may_change()
      .key("environment", &Params::environment, "", "variables for the program, NAME=value")
      .key("exit_codes", &Params::exit_codes, "", "exit codes that mean success");
  s.choice("keep", &Params::keep, "which folders are left to look at",
           {{"failed", Keep::failed, "those of failed rows"}, {"all", Keep::all, "all"}, {"none", Keep::none, "none"}})
      .may_change();
  s.key("folder", &Params::folder, "", "where the folders of the runs are made; relative: to where aleator was started")
      .may_change();
  s.check("environment", [](const Params& p) {
    for (const std::string& one : p.environment)
      if (one.find('=') == std::string::npos || one[0] == '=')
        return fmt::format("'{}' is not of the form NAME=value", one);
    return std::string();
  });
  s.check("exit_codes", [](const Params& p) {
    return p.exit_codes.empty() ? std::string("no exit code means success: every run would fail; leave it out, or [0]")
                                : std::string();
  });
  s.check("pick", [](const Params& p) {
    if ((p.format == Format::numbers) != p.pick.empty())
      return std::string(p.pick.empty() ? "nothing is picked: pick = [\"…\"]"
                                        : "pick goes with format = regex or json");
    return std::string();
  });
  s.check("command", [](const Params& p) { return std::string(p.command.empty() ? "is empty" : ""); });
  return s;
}

ProgramModel::ProgramModel(const Params& params) : params_(params), program_(find_program(params.command.at(0))) {
  if (program_.empty())
    throw deck::KeyError(
        "command", fmt::format("there is no program '{}'", params.command[0]),
        io::file_exists(params.command[0])
            ? fmt::format(
                  "a file of this name stands here: chmod +x makes it a program, and its path has a '/', as in './{}'",
                  std::filesystem::path(params.command[0]).filename().string())
            : "a name found in PATH, or the path of an executable file",
        {0, 0});
  shape_.input_names = entry_names_of(params.parameters);
  shape_.inputs = static_cast<int>(shape_.input_names.size());
  shape_.outputs = params.outputs;
  for (int i = 0; i < params.outputs; ++i)
    shape_.output_names.push_back(params.outputs == 1 ? "y" : fmt::format("y[{}]", i));
  for (std::size_t k = 1; k < params.command.size(); ++k)
    check_placeholders(params.command[k], "command", static_cast<int>(k));
  check_placeholders(params.input.text, "input", 0);
  warn_of_lost_parameters();
  for (std::size_t k = 0; k < params.pick.size() && params.format == Format::json; ++k) try {
      const nlohmann::json::json_pointer place(params.pick[k]);
    } catch (const nlohmann::json::exception&) {
      throw deck::KeyError("pick", fmt::format("'{}' is no JSON pointer", params.pick[k]),
                           "such as /result/pressure or /values/0", {static_cast<int>(k), 0});
    }
  for (std::size_t k = 0; k < params.pick.size() && params.format == Format::regex; ++k) {
    try {
      patterns_.emplace_back(params.pick[k]);
    } catch (const core::UserError& error) {
      throw deck::KeyError("pick", fmt::format("'{}' is no regular expression: {}", params.pick[k], error.what()), "",
                           {static_cast<int>(k), 0});
    }
    if (patterns_.back().groups() < 1)
      throw deck::KeyError("pick", fmt::format("'{}' has no group", params.pick[k]), "(…) round the number",
                           {static_cast<int>(k), 0});
  }
}

void ProgramModel::check_placeholders(const std::string& text, const std::string& key, int entry) const {
  std::vector<std::string> names = shape_.input_names;
  for (const char* of_run : {"row", "attempt", "seed"}) names.emplace_back(of_run);
  for (std::sregex_iterator match(text.begin(), text.end(), placeholder()), end; match != end; ++match)
    if (std::find(names.begin(), names.end(), (*match)[1]) == names.end())
      throw deck::KeyError(key, fmt::format("{} is no parameter", match->str()), deck::did_you_mean((*match)[1], names),
                           {entry, key == "input" ? -1 : static_cast<int>(match->position())});
}

// Those that neither the command nor the input file names: the program cannot know of them.
void ProgramModel::warn_of_lost_parameters() const {
  std::vector<std::string> lost;
  for (const std::string& name : shape_.input_names) {
    const std::string place = "{" + name + "}";
    const bool is_there = params_.input.text.find(place) != std::string::npos ||
                          std::any_of(params_.command.begin(), params_.command.end(),
                                      [&](const std::string& word) { return word.find(place) != std::string::npos; });
    if (!is_there) lost.push_back(name);
  }
  if (!lost.empty())
    core::warn(
        "model/program: {} {} not reach '{}': neither command nor input has {{{}}}; what is inferred of {} is the "
        "prior",
        fmt::join(lost, ", "), lost.size() == 1 ? "does" : "do", params_.command[0], lost[0],
        lost.size() == 1 ? "it" : "them");
}

std::string ProgramModel::filled(const std::string& text, const double* u, int attempt) const {
  std::string out;
  auto rest = text.begin();
  for (std::sregex_iterator match(text.begin(), text.end(), placeholder()), end; match != end; ++match) {
    const std::string name = (*match)[1];
    out.append(rest, text.begin() + match->position());
    rest = text.begin() + match->position() + match->length();
    const auto at = std::find(shape_.input_names.begin(), shape_.input_names.end(), name);
    if (at != shape_.input_names.end())
      out += fmt::format("{:.17g}", u[at - shape_.input_names.begin()]);
    else if (name == "seed")
      out += fmt::format("{}", seed_of(u, shape_.inputs, attempt));
    else
      out += fmt::format("{}", name == "row" ? runs_.load() : attempt);
  }
  return out.append(rest, text.end());
}

// A folder that nobody has: other models of this process have programs too, and folders of processes before it are kept.
std::string ProgramModel::new_folder() const {
  static std::atomic<std::int64_t> next{0};
  io::make_directory(params_.folder);
  const std::string stem = fmt::format(
      "{}/{}-{}-", std::filesystem::absolute(params_.folder).lexically_normal().string(), host(), ::getpid());
  std::string folder = stem + std::to_string(next++);
  while (!std::filesystem::create_directory(folder)) folder = stem + std::to_string(next++);
  return folder;
}

Command ProgramModel::prepare(const double* u, const std::string& folder, int attempt) const {
  ++runs_;
  if (!params_.input.empty())
    io::atomic_write_text(folder + "/" + params_.input_file, filled(params_.input.text, u, attempt));
  Command command{{program_}, folder, params_.environment, params_.timeout};
  for (std::size_t k = 1; k < params_.command.size(); ++k)
    command.arguments.push_back(filled(params_.command[k], u, attempt));
  return command;
}

model::RowStatus ProgramModel::run(model::ConstBatch u, model::Batch y, int attempt) const {
  model::RowStatus status;
  const int rows = static_cast<int>(u.extent(0));
  std::vector<std::string> folders(static_cast<std::size_t>(rows));
  const auto command = [&](int row) {
    std::string& folder = folders[static_cast<std::size_t>(row)];
    std::error_code ignored;
    if (!folder.empty()) std::filesystem::remove_all(folder, ignored);  // of a run that a signal has ended
    folder = new_folder();
    return prepare(&u(row, 0), folder, attempt);
  };
  std::string trouble;  // of this machine, which is none of a row
  const auto done = [&](int row, const Outcome& outcome) {
    const std::string& folder = folders[static_cast<std::size_t>(row)];
    if (!outcome.error.empty() && trouble.empty()) trouble = fmt::format("{} {}", params_.command[0], outcome.error);
    const std::string reason = read_outputs(folder, outcome, &y(row, 0));
    const bool is_kept =
        !folder.empty() && (params_.keep == Keep::all || (params_.keep == Keep::failed && !reason.empty()));
    std::error_code ignored;
    if (!is_kept && !folder.empty()) std::filesystem::remove_all(folder, ignored);
    if (reason.empty()) return;
    status.failed.push_back({row, reason + (is_kept ? fmt::format(" [{}]", folder) : "")});
    for (int i = 0; i < shape_.outputs; ++i) y(row, i) = std::numeric_limits<double>::quiet_NaN();
  };
  run_commands(rows, params_.concurrency, command, done);
  if (!trouble.empty()) throw core::NumericsError(trouble + "; put that right and go on with 'aleator resume'");
  std::sort(status.failed.begin(), status.failed.end(),
            [](const model::FailedRow& a, const model::FailedRow& b) { return a.row < b.row; });
  return status;
}

std::string ProgramModel::read_outputs(const std::string& folder, const Outcome& outcome, double* y) const {
  const std::string name = params_.command[0];
  if (!outcome.error.empty()) return outcome.error;
  const bool is_success =
      std::find(params_.exit_codes.begin(), params_.exit_codes.end(), outcome.exit_code) != params_.exit_codes.end();
  std::string reason;
  if (outcome.is_late)
    reason = fmt::format("{} was ended after {} s", name, params_.timeout);
  else if (outcome.signal != 0)
    reason = fmt::format("{} was ended by signal {} ({})", name, outcome.signal, strsignal(outcome.signal));
  else if (!is_success)
    reason = fmt::format("{} ended with exit code {}", name, outcome.exit_code);
  if (reason.empty()) try {
      const std::vector<double> values = numbers_in_output(folder);
      const auto undefined = std::find_if(values.begin(), values.end(), [](double value) { return std::isnan(value); });
      if (undefined != values.end())
        throw core::UserError(
            fmt::format("number {} in {} is nan", undefined - values.begin() + 1, params_.output_file));
      if (static_cast<int>(values.size()) == shape_.outputs) {
        std::copy(values.begin(), values.end(), y);
        return {};
      }
      reason = fmt::format("{}: {} numbers in {}, not {}", name, values.size(), params_.output_file, shape_.outputs);
    } catch (const std::exception& error) {
      reason = fmt::format("{}: {}", name, error.what());
    }
  const std::string tail = end_of_file(folder + "/stderr.txt");
  return reason + (tail.empty() ? "" : "; it says: " + tail);
}

std::vector<double> ProgramModel::numbers_in_output(const std::string& folder) const {
  const std::string path = folder + "/" + params_.output_file;
  const std::string text = io::read_text_file(path);
  std::vector<double> values;
  if (params_.format == Format::numbers) {
    const io::Table table = io::parse_table(text, params_.output_file, io::NonFinite::allowed);
    if (params_.column < 0) return table.values;
    if (params_.column >= static_cast<int>(table.columns))
      throw core::UserError(fmt::format("{} has no column {}", params_.output_file, params_.column));
    for (std::size_t row = 0; row < table.rows; ++row)
      values.push_back(table(row, static_cast<std::size_t>(params_.column)));
  } else if (params_.format == Format::regex) {
    for (const Pattern& pattern : patterns_) {
      const std::optional<std::string> found = pattern.first_group(text);
      if (!found) throw core::UserError(fmt::format("nothing in {} matches '{}'", params_.output_file, pattern.text()));
      values.push_back(number_from(*found, pattern.text()));
    }
  } else {
    const nlohmann::json json = parsed_json(text, params_.output_file);
    for (const std::string& pointer : params_.pick) {
      const nlohmann::json::json_pointer place(pointer);
      if (!json.contains(place))
        throw core::UserError(fmt::format("{} has nothing at {}", params_.output_file, pointer));
      append_numbers(json.at(place), pointer, values);
    }
  }
  return values;
}

}  // namespace aleator::inverse
