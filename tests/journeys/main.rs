//! Journeys through real panels, and the attacks that the design names, each against the panel it was measured on.
//!
//! `scripts/with-panels` starts the panels once for all of them; a test that finds none starts its own.

#![cfg(test)]
#![allow(clippy::string_slice, reason = "a journey fails loudly")]

mod attacks;
mod bare_panels;
mod cacti;
mod challenge;
mod dokuwiki;
mod operators;
mod races;
mod refusals;
mod restarts;
#[path = "../support/mod.rs"]
mod support;
mod wordpress;
mod world;

/// One test for each of the journeys that are the same on every panel.
macro_rules! on {
    ($kind:expr; $($module:ident: $($journey:ident)*;)*) => {
        $($(
            #[tokio::test]
            async fn $journey() {
                crate::$module::$journey($kind).await;
            }
        )*)*
    };
}

/// All of them.
macro_rules! common_journeys {
    ($kind:expr) => {
        $crate::on! { $kind;
            challenge:
                b1_b3_b5_an_unknown_network_needs_the_mailed_code
                b9_b10_a_verified_network_is_never_asked_again_and_another_is
                b11_a_code_is_valid_for_ten_minutes
                b12_the_third_wrong_code_blocks_this_account_from_this_network_for_an_hour
                b12_a_new_login_or_a_new_mail_gives_no_new_tries
                b57_a_resent_code_replaces_the_one_before
                two_tabs_with_two_mails_take_the_newest_code_and_the_older_one_costs_no_try
                what_is_no_code_costs_no_try_and_spaces_are_forgiven
                a_cancelled_login_is_over_and_somebody_else_can_log_in
                the_panels_logout_ends_the_gates_session_too
                a_login_as_somebody_else_inside_a_session_must_log_out_first
                a_wrong_password_is_the_panels_to_refuse_and_sends_no_mail
                the_network_may_change_between_login_and_code_and_both_become_known
                a_session_that_turns_up_on_an_unknown_network_needs_a_code
                a_page_without_a_login_explains_itself;
            restarts:
                killed_at_every_step_of_the_journey
                killed_between_wrong_codes_nobody_gets_a_new_try
                restarted_in_order_in_the_middle;
            attacks:
                with_the_password_and_every_cookie_nothing_is_reached_from_another_network
                every_spelling_of_the_login_is_the_door_or_a_refusal
                a_scripted_login_gets_a_problem_and_no_answer_of_the_panel
                sessions_from_before_the_deployment_never_reach_the_panel
                cookies_are_worth_nothing_without_their_own_session
                a_planted_gate_token_is_worth_nothing
                a_planted_panel_session_is_worth_nothing
                the_own_account_is_no_vehicle_for_somebody_elses_password
                the_own_code_clears_nobody_elses_login
                forms_sent_without_a_session_or_with_other_methods_go_nowhere
                headers_that_rewrite_the_target_are_ignored;
            races:
                of_a_thousand_guesses_at_once_three_are_looked_at
                the_right_code_wins_once
                of_two_logins_on_one_session_neither_gets_the_others;
        }
    };
}
pub(crate) use {common_journeys, on};
