// The priming policy `c-critical-path`: as many actions as the workers can run, those with the longest chains after them
// first.
//
// Others are held, so that more urgent candidates found later come first. The setting `per-slot` says how many primed
// actions may run or wait for each slot; the default 2 keeps slots from waiting for submissions. The setting `order` says
// what decides, and what decides between equals.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "priming_policy.h"

#define LOWEST_PRIORITY 1000
#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

typedef exports_spec_plugin_priming_candidate_t candidate_t;
typedef exports_spec_plugin_priming_decision_t decision_t;
typedef spec_plugin_settings_value_t value_t;

// Logs why the policy cannot go on, and ends it.
#define fail(message) fail_at(__FILE__, __LINE__, message)

_Noreturn static void fail_at(const char *file, int line, const char *message) {
    char text[256];
    snprintf(text, sizeof text, "%s:%d: %s", file, line, message);
    priming_policy_string_t logged;
    priming_policy_string_set(&logged, text);
    spec_plugin_log_log(SPEC_PLUGIN_LOG_LEVEL_ERROR, &logged);
    abort();
}

// Memory that the bindings free when the answer is read.
static void *allocate(size_t count, size_t size) {
    void *block = calloc(count ? count : 1, size);
    if (!block)
        fail("out of memory");
    return block;
}

// What candidates are ordered by: the smallest number comes first.
static int64_t by_critical_path(const candidate_t *candidate) { return -(int64_t)candidate->critical_ms; }
static int64_t by_distance(const candidate_t *candidate) { return candidate->distance; }
static int64_t by_fan_out(const candidate_t *candidate) { return -(int64_t)candidate->fan_out; }

static const struct order {
    const char *name;
    int64_t (*number)(const candidate_t *);
} ORDERS[] = {{"critical-path", by_critical_path}, {"distance", by_distance}, {"fan-out", by_fan_out}};

// The policy of a session.
struct exports_spec_plugin_priming_session_t {
    const struct order **order;
    size_t order_length;
    uint64_t per_slot;
};

static bool is(const priming_policy_string_t *text, const char *word) {
    return text->len == strlen(word) && memcmp(text->ptr, word, text->len) == 0;
}

static void text_setting(spec_plugin_settings_setting_t *setting) {
    priming_policy_string_dup(&setting->name, "order");
    priming_policy_string_dup(&setting->summary,
                              "What decides, and then between equals: critical-path, distance, fan-out.");
    setting->type.tag = SPEC_PLUGIN_SETTINGS_VALUE_TYPE_TEXTS;
    setting->default_.is_some = true;
    value_t *value = &setting->default_.val;
    value->tag = SPEC_PLUGIN_SETTINGS_VALUE_TEXTS;
    value->val.texts.len = LENGTH(ORDERS);
    value->val.texts.ptr = allocate(LENGTH(ORDERS), sizeof *value->val.texts.ptr);
    for (size_t i = 0; i < LENGTH(ORDERS); i++)
        priming_policy_string_dup(&value->val.texts.ptr[i], ORDERS[i].name);
}

static void number_setting(spec_plugin_settings_setting_t *setting) {
    priming_policy_string_dup(&setting->name, "per-slot");
    priming_policy_string_dup(&setting->summary, "How many primed actions may run or wait for each slot.");
    setting->type.tag = SPEC_PLUGIN_SETTINGS_VALUE_TYPE_NUMBER;
    setting->type.val.number.least = 1;
    setting->type.val.number.greatest = 1000;
    setting->default_.is_some = true;
    setting->default_.val.tag = SPEC_PLUGIN_SETTINGS_VALUE_NUMBER;
    setting->default_.val.val.number = 2;
}

void exports_spec_plugin_priming_describe(exports_spec_plugin_priming_description_t *description) {
    memset(description, 0, sizeof *description);
    priming_policy_string_dup(&description->name, "c-critical-path");
    priming_policy_string_dup(&description->version, "0.1.0");
    priming_policy_string_dup(
        &description->summary,
        "As many actions as the workers can run, those with the longest chains after them first.");
    description->largest_batch.is_some = true;
    description->largest_batch.val = 500;
    description->settings.len = 2;
    description->settings.ptr = allocate(2, sizeof *description->settings.ptr);
    text_setting(&description->settings.ptr[0]);
    number_setting(&description->settings.ptr[1]);
}

static void refuse(exports_spec_plugin_priming_refusal_t *refusal, const char *setting,
                   const priming_policy_string_t *found) {
    static const char EXPECTED[] = "expected critical-path, distance or fan-out, found '";
    size_t length = sizeof EXPECTED - 1 + found->len + 1;
    char *message = allocate(length + 1, 1);
    snprintf(message, length + 1, "%s%.*s'", EXPECTED, (int)found->len, (const char *)found->ptr);
    memset(refusal, 0, sizeof *refusal);
    refusal->reason.tag = SPEC_PLUGIN_SETTINGS_REFUSAL_REASON_INVALID_VALUE;
    refusal->setting.is_some = true;
    priming_policy_string_dup(&refusal->setting.val, setting);
    priming_policy_string_set(&refusal->message, message);
}

static const struct order *order_of(const priming_policy_string_t *name) {
    for (size_t i = 0; i < LENGTH(ORDERS); i++)
        if (is(name, ORDERS[i].name))
            return &ORDERS[i];
    return NULL;
}

bool exports_spec_plugin_priming_static_session_open(
    exports_spec_plugin_priming_configuration_t *configuration, priming_policy_list_u8_t *memory,
    exports_spec_plugin_priming_own_session_t *opened, exports_spec_plugin_priming_refusal_t *refusal) {
    (void)memory;
    exports_spec_plugin_priming_session_t *session = allocate(1, sizeof *session);
    for (size_t i = 0; i < configuration->len; i++) {
        const priming_policy_string_t *name = &configuration->ptr[i].f0;
        const value_t *value = &configuration->ptr[i].f1;
        if (is(name, "per-slot")) {
            session->per_slot = (uint64_t)value->val.number;
        } else if (is(name, "order")) {
            session->order_length = value->val.texts.len;
            session->order = allocate(session->order_length, sizeof *session->order);
            for (size_t j = 0; j < session->order_length; j++) {
                session->order[j] = order_of(&value->val.texts.ptr[j]);
                if (!session->order[j]) {
                    refuse(refusal, "order", &value->val.texts.ptr[j]);
                    exports_spec_plugin_priming_session_destructor(session);
                    return false;
                }
            }
        }
    }
    *opened = exports_spec_plugin_priming_session_new(session);
    return true;
}

void exports_spec_plugin_priming_session_destructor(exports_spec_plugin_priming_session_t *session) {
    free(session->order);
    free(session);
}

exports_spec_plugin_priming_wants_t
exports_spec_plugin_priming_method_session_wants(exports_spec_plugin_priming_borrow_session_t session) {
    (void)session;
    return 0;
}

// How many more actions may be submitted. If the number of slots is not known, there is at least one.
static uint64_t room(const exports_spec_plugin_priming_session_t *session,
                     const exports_spec_plugin_priming_load_t *load) {
    uint64_t slots = load->slots.is_some && load->slots.val ? load->slots.val : 1;
    uint64_t most = slots * session->per_slot;
    uint64_t left = most > load->primed ? most - load->primed : 0;
    return left < load->free ? left : load->free;
}

// A candidate and its numbers by which it is ordered are compared; the place in the question decides at last.
struct ranked {
    const exports_spec_plugin_priming_session_t *session;
    const candidate_t *candidate;
    size_t index;
};

static int compare(const void *one, const void *other) {
    const struct ranked *a = one, *b = other;
    for (size_t i = 0; i < a->session->order_length; i++) {
        int64_t (*number)(const candidate_t *) = a->session->order[i]->number;
        int64_t first = number(a->candidate), second = number(b->candidate);
        if (first != second)
            return first < second ? -1 : 1;
    }
    return a->index < b->index ? -1 : 1;
}

static void log_count(size_t submitted, size_t candidates) {
    if (!spec_plugin_log_enabled(SPEC_PLUGIN_LOG_LEVEL_DEBUG))
        return;
    char text[80];
    snprintf(text, sizeof text, "submits %zu of %zu candidates", submitted, candidates);
    priming_policy_string_t message;
    priming_policy_string_set(&message, text);
    spec_plugin_log_log(SPEC_PLUGIN_LOG_LEVEL_DEBUG, &message);
}

void exports_spec_plugin_priming_method_session_decide(
    exports_spec_plugin_priming_borrow_session_t session,
    exports_spec_plugin_priming_list_candidate_t *candidates, exports_spec_plugin_priming_load_t *load,
    exports_spec_plugin_priming_list_decision_t *decisions) {
    size_t count = candidates->len;
    struct ranked *order = allocate(count, sizeof *order);
    decisions->len = count;
    decisions->ptr = allocate(count, sizeof *decisions->ptr);
    for (size_t i = 0; i < count; i++) {
        order[i] = (struct ranked){session, &candidates->ptr[i], i};
        decisions->ptr[i].tag = EXPORTS_SPEC_PLUGIN_PRIMING_DECISION_HOLD;
    }
    qsort(order, count, sizeof *order, compare);
    uint64_t most = room(session, load);
    size_t submitted = 0;
    for (; submitted < count && submitted < most && submitted <= LOWEST_PRIORITY; submitted++) {
        decision_t *decision = &decisions->ptr[order[submitted].index];
        decision->tag = EXPORTS_SPEC_PLUGIN_PRIMING_DECISION_SUBMIT;
        decision->val.submit = (uint16_t)submitted;
    }
    log_count(submitted, count);
    free(order);
    exports_spec_plugin_priming_list_candidate_free(candidates);
}

void exports_spec_plugin_priming_method_session_revise(
    exports_spec_plugin_priming_borrow_session_t session,
    exports_spec_plugin_priming_list_submitted_action_t *submitted, exports_spec_plugin_priming_load_t *load,
    exports_spec_plugin_priming_list_revision_t *revisions) {
    (void)session, (void)load;
    revisions->len = submitted->len;
    revisions->ptr = allocate(submitted->len, sizeof *revisions->ptr);
    for (size_t i = 0; i < submitted->len; i++)
        revisions->ptr[i].tag = EXPORTS_SPEC_PLUGIN_PRIMING_REVISION_KEEP;
}

void exports_spec_plugin_priming_method_session_observe(
    exports_spec_plugin_priming_borrow_session_t session,
    exports_spec_plugin_priming_list_observation_t *ended) {
    (void)session, (void)ended;
}

void exports_spec_plugin_priming_method_session_remember(exports_spec_plugin_priming_borrow_session_t session,
                                                         priming_policy_list_u8_t *memory) {
    (void)session;
    memory->ptr = NULL;
    memory->len = 0;
}
