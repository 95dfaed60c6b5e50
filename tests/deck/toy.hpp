#pragma once
// A small menu of components with every type of key, and decks read from memory.
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "deck/builder.hpp"

namespace aleator::deck::toy {

struct Settings {
  std::string title = "no title";
  std::int64_t seed = 1;
  double limit = std::numeric_limits<double>::infinity();
};

struct Shape {
  virtual ~Shape() = default;
};

struct Everything : Shape {
  enum class Rule { fixed, adaptive };
  struct Params {
    int draws = 100;
    std::int64_t large = 0;
    double scale = 0.1;
    bool adapt = true;
    Rule rule = Rule::adaptive;
    std::string label = "plain";
    std::optional<double> limit;
    std::vector<double> start = {0.5};
    std::vector<std::vector<double>> matrix;
    std::vector<std::string> words;
    File data, map;
    std::string partner;
    std::vector<std::string> friends;
    double low = 0.0, high = 1.0;
  };
  static Schema<Params> schema() {
    Schema<Params> s("Every type of key", "Euler 1768, section 1");
    s.key("draws", &Params::draws, "1", "number of draws", at_least(2))
        .key("large", &Params::large, "1", "a large number")
        .key("scale", &Params::scale, "m", "length of a step", positive())
        .key("adapt", &Params::adapt, "", "whether the step adapts")
        .choice("rule", &Params::rule, "how the step is found",
                {{"fixed", Rule::fixed, "as given"}, {"adaptive", Rule::adaptive, "from the past | so far"}})
        .key("label", &Params::label, "", "a label")
        .key("limit", &Params::limit, "s", "stop after this time", positive())
        .key("start", &Params::start, "1", "where to start", inside(-1.0, 1.0))
        .key("matrix", &Params::matrix, "1", "rows of a matrix")
        .key("words", &Params::words, "", "some words")
        .key("data", &Params::data, "", "file of data")
        .key("map", &Params::map, "", "another file")
        .reference("partner", &Params::partner, "shape", "another shape")
        .reference("friends", &Params::friends, "shape", "more shapes")
        .key("low", &Params::low, "1", "lower end")
        .key("high", &Params::high, "1", "upper end")
        .check("high", [](const Params& p) { return p.low < p.high ? "" : "high must be above low"; });
    return s;
  }
};

struct Circle : Shape {
  struct Params {
    int corners = 0;
    double radius = 0.0;
    File outline;
  };
  static Schema<Params> schema() {
    Schema<Params> s("A circle", "");
    s.key("radius", &Params::radius, "m", "radius of the circle", between(10.0, 20.0)).required();
    s.key("corners", &Params::corners, "1", "number of corners", at_most(0)).example("-4");
    return s;
  }
};

struct Colour {
  struct Params {
    std::string of;
  };
  static Schema<Params> schema() {
    Schema<Params> s("A plain colour", "Newton 1704");
    s.reference("of", &Params::of, "shape", "the shape that has it").required();
    return s;
  }
};

inline Registry registry() {
  Registry registry;
  Schema<Settings> settings("What holds for the whole run", "");
  settings.key("title", &Settings::title, "", "title of the run")
      .key("seed", &Settings::seed, "1", "seed of the random numbers", at_least(0))
      .key("limit", &Settings::limit, "min", "wall time", positive());
  registry.add_settings("run", "run", settings);
  registry.add<Shape, Everything::Params>("shape", "shape/everything", Everything::schema(),
                                          [](const Everything::Params& params, Builder& builder) {
                                            if (!params.partner.empty()) builder.get<Shape>("shape", params.partner);
                                            if (params.draws == 13)
                                              throw KeyError("draws", "brings bad luck", "take 14");
                                            if (params.draws == 17) throw core::UserError("data.txt:3:7: not a number");
                                            return std::make_unique<Everything>();
                                          });
  registry.add<Shape, Circle::Params>("shape", "shape/circle", Circle::schema(),
                                      [](const Circle::Params&, Builder&) { return std::make_unique<Circle>(); });
  registry.add<Colour, Colour::Params>("colour", "colour/plain", Colour::schema(),
                                       [](const Colour::Params& params, Builder& builder) {
                                         builder.get<Shape>("shape", params.of);
                                         return std::make_unique<Colour>();
                                       });
  return registry;
}

/// Files in memory.
using Files = std::map<std::string, std::string>;
inline FileReader reader(const Files& files) {
  return [files](const std::string& path) {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

inline Deck deck(const Registry& registry, const std::string& text, const Overrides& overrides = {}, Files files = {}) {
  files["in/deck.toml"] = text;
  return Deck("in/deck.toml", registry, overrides, reader(files));
}

/// What the user is told about this deck; empty when it is sound.
inline std::string faults(const std::string& text, const Overrides& overrides = {}, const Files& files = {}) {
  const Registry menu = registry();
  try {
    deck(menu, text, overrides, files);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return {};
}

}  // namespace aleator::deck::toy
