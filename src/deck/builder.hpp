#pragma once
/// What      Turns a deck's blocks into objects, each once, following the references between them.
/// Method    get<Interface>(kind, name) calls the component's maker, which may ask for further blocks, and for services: what
///           the program around the deck provides to all components, known to them by its type.
/// Parallel  local: every rank builds the same objects from the same text; what must be asked for outside is asked by rank 0
///           alone (once).
/// Cost      that of the components' constructors, which start no long work.
/// Fails     UserError with the place of the key when a component refuses its values, or blocks refer to each other
///           in a ring.
#include <any>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <typeindex>
#include <utility>

#include "deck/deck.hpp"

namespace aleator::deck {

class Builder {
 public:
  /// Runs the work on one rank and hands its text to all of them; collective where there are several.
  using Once = std::function<std::string(const std::function<std::string()>& work)>;

  explicit Builder(const Deck& deck, Once once = {}) : deck_(deck), once_(std::move(once)) {}
  const Deck& deck() const { return deck_; }

  /// The text that `work` gives on rank 0; it must not throw.
  std::string once(const std::function<std::string()>& work) const { return once_ ? once_(work) : work(); }

  template <typename Interface>
  std::shared_ptr<Interface> get(const std::string& kind, const std::string& name) {
    const ParsedBlock& parsed = deck_.block(kind, name);
    const auto [slot, is_new] = built_.try_emplace({kind, name});
    if (!is_new) {
      if (!slot->second.has_value())
        deck_.fail(parsed, "", "the block refers to itself through others", "break the ring");
      if (const auto* const fault = std::any_cast<std::exception_ptr>(&slot->second)) std::rethrow_exception(*fault);
      return std::any_cast<std::shared_ptr<Interface>>(slot->second);
    }
    try {
      std::shared_ptr<Interface> object = make<Interface>(parsed);
      slot->second = object;
      return object;
    } catch (...) {  // every block that refers to it is told the same, without another try
      slot->second = std::current_exception();
      throw;
    }
  }

  template <typename T>
  void provide(std::shared_ptr<T> service) {
    services_[std::type_index(typeid(T))] = std::move(service);
  }
  /// What was provided, or a default-constructed T, the same at every call.
  template <typename T>
  std::shared_ptr<T> service() {
    std::any& slot = services_[std::type_index(typeid(T))];
    if (!slot.has_value()) slot = std::make_shared<T>();
    return std::any_cast<std::shared_ptr<T>>(slot);
  }

 private:
  template <typename Interface>
  std::shared_ptr<Interface> make(const ParsedBlock& parsed) {
    try {
      return Registry::make<Interface>(parsed, *this);
    } catch (const KeyError& error) {
      deck_.fail(parsed, error.key(), error.what(), error.hint(), error.place());
    } catch (const ReportedError&) {  // a block this one refers to is at fault
      throw;
    } catch (const core::UserError& error) {
      deck_.fail(parsed, key_of_file(parsed, error.what()), error.what(), "");
    }
  }

  // A message about a file ("noise.txt:3:7: …") belongs to the key that names it.
  static std::string key_of_file(const ParsedBlock& parsed, const std::string& message) {
    for (const auto& [key, file] : parsed.component->schema->files(parsed.params))
      if (message.rfind(file.path, 0) == 0) return key;
    return {};
  }

  const Deck& deck_;
  Once once_;
  std::map<std::pair<std::string, std::string>, std::any> built_;
  std::map<std::type_index, std::any> services_;
};

}  // namespace aleator::deck
