//! The tests of each row of `THREATS.md`.

/// The number of a row, and the tests by the names that `cargo test` gives them.
pub const SHOWN_BY: [(usize, &str); 93] = [
    (
        1,
        "wire::a_body_that_breaks_off_is_never_taken_for_whole resume::what_breaks_off_goes_on_where_it_was_with_a_fresh_address network::what_does_not_pass_ends_with_the_address_and_what_came_back",
    ),
    (
        2,
        "wire::a_body_that_breaks_off_is_never_taken_for_whole wire::where_nobody_tells_a_length_the_archive_itself_must_be_whole wire::a_single_file_without_a_length_is_taken_from_the_archive_instead wire::a_report_without_a_length_must_have_as_many_bytes_as_its_job_says",
    ),
    (
        3,
        "wire::a_length_that_is_none_or_two_is_an_answer_of_no_web_server wire::more_bytes_than_were_announced_are_none_of_the_answer",
    ),
    (
        4,
        "network::silence_ends_after_the_timeout wire::who_sends_byte_by_byte_is_listened_to_and_who_pauses_too_long_is_not wire::who_sends_next_to_nothing_for_a_minute_is_not_waited_for transport::a_server_that_drips_whatever_it_may_be_is_not_listened_to_for_ever",
    ),
    (
        5,
        "network::a_server_that_is_not_there_is_told_at_once wire::a_storage_that_cannot_be_reached_is_named",
    ),
    (
        6,
        "tls::a_certificate_that_is_not_trusted_ends_the_run_at_once gitlab::tls_failure::tests::a_failure_is_recognised_by_its_variant gitlab::hint::tests::hints_follow_from_other_causes",
    ),
    (
        7,
        "advice::every_5xx_of_a_read_can_pass_whatever_its_body gitlab::retry::tests::only_what_can_pass_is_asked_again network::what_can_pass_is_tried_again network::tries_are_counted_and_pauses_double network::the_server_says_how_long_to_wait_and_too_long_is_not_waited network::what_cannot_pass_is_asked_once",
    ),
    (
        8,
        "advice::a_lock_is_waited_out_by_reads_and_by_changes trigger::a_post_is_sent_again_only_where_it_surely_had_no_effect gitlab::send_once::tests::only_what_failed_while_connecting_was_surely_not_sent",
    ),
    (9, "network::some_redirects_are_not_followed network::a_loop_of_redirects_ends"),
    (
        10,
        "advice::sign_in_pages_are_known_in_every_dress advice::a_redirect_away_from_the_api_is_a_sign_in network::a_page_for_people_is_no_answer network::some_redirects_are_not_followed cat::a_page_in_an_archive_is_a_file_and_a_sign_in_page_is_not",
    ),
    (
        11,
        "gitlab::error_body::tests::every_shape_of_a_body_becomes_one_line gitlab::error_body::tests::what_a_server_says_is_short_and_harmless client_refusals::each_refusal_of_gitlab_becomes_a_sentence_a_hint_and_an_exit_code",
    ),
    (
        12,
        "network::a_signed_address_that_ran_out_is_asked_for_anew ls::an_address_that_has_run_out_is_replaced_by_a_fresh_one",
    ),
    (
        13,
        "wire::a_storage_that_cannot_be_reached_is_named wire::where_the_storage_cannot_be_reached_gitlab_hands_archives_through",
    ),
    (
        14,
        "resume::what_cannot_be_tied_to_the_same_archive_begins_again stream::what_breaks_off_while_it_is_unpacked_goes_on gitlab::content_range::tests::a_content_range_is_read_to_the_byte_or_not_at_all streams::a_fault_in_one_segment_ends_in_the_right_files streams::a_failure_for_good_leaves_nothing",
    ),
    (
        15,
        "network::nothing_is_asked_to_be_compressed wire::an_answer_that_is_too_long_or_too_deep_is_not_unfolded wire::an_answer_that_a_proxy_compressed_is_decoded_or_refused_by_name wire::a_body_that_is_longer_than_gitlab_announces_is_not_read_to_its_end wire::a_list_that_never_ends_is_given_up wire::names_of_a_megabyte_are_cut_in_messages_and_whole_in_results speech::names_without_bound_are_cut_where_they_are_shown",
    ),
    (
        16,
        "lists::however_lists_are_cut_into_pages_the_result_is_the_same lists::a_row_that_moves_to_the_next_page_counts_once_and_a_page_that_leads_back_is_the_last wire::a_list_that_never_ends_is_given_up",
    ),
    (
        17,
        "fetch_missing::each_miss_has_its_sentence_and_its_hint fetch_wait::every_stage_is_waited_through_until_the_archive_is_there fetch_wait::what_can_no_longer_succeed_ends_the_wait_at_once",
    ),
    (
        18,
        "network::proxies_are_those_of_the_variables_and_their_passwords_are_not_repeated gitlab::proxy::a_list_of_names_and_networks_says_what_goes_past_the_proxy",
    ),
    (
        19,
        "network::a_redirect_to_another_origin_carries_no_token_and_gets_none_back fake_itself::a_token_at_the_storage_is_noted_as_a_leak advice_pasted::a_change_that_another_api_redirects_is_not_made_and_the_line_works",
    ),
    (
        20,
        "network::a_redirect_to_another_origin_carries_no_token_and_gets_none_back tls::from_https_nobody_is_sent_to_http gitlab::address::tests::origins_differ_by_scheme_host_and_port",
    ),
    (
        21,
        "lists::every_page_is_asked_for_once_and_none_beyond_the_end fake_itself::pages_have_the_headers_of_gitlab_and_a_link_that_leads_astray",
    ),
    (22, "lists::a_downstream_pipeline_may_tell_its_project_by_its_web_address_alone"),
    (
        23,
        "guarded::parts_of_dots_are_refused_wherever_they_come_from cat::a_path_with_dots_or_without_a_beginning_is_refused_before_anything_is_sent cat::odd_names_reach_the_server_as_they_are gitlab::address::tests::segments_are_escaped_to_the_last_slash fetch_where::a_ref_is_one_request_whatever_its_name",
    ),
    (
        24,
        "client::each_request_is_exactly_this client_changes::each_change_is_one_exact_request fake_itself::what_no_client_should_do_is_noted",
    ),
    (
        25,
        "gitlab::address::tests::an_address_is_shown_without_its_query speech::verbose_tells_each_request",
    ),
    (
        26,
        "token::tests::debug_output_names_the_kind_and_hides_the_secret guarded::a_token_that_is_printed_fails_the_test guarded::a_token_that_is_written_fails_the_test",
    ),
    (
        27,
        "process::no_help_shows_the_value_of_a_variable tokens::one_token_is_sent_and_flags_win_over_variables_and_private_ones_over_jobs",
    ),
    (
        28,
        "tokens::a_token_that_cannot_be_one_is_refused_and_not_repeated token::tests::one_line_break_at_the_end_is_dropped_and_nothing_else",
    ),
    (
        29,
        "advice::a_token_goes_to_the_server_that_it_belongs_to settings::token_rule::tests::a_token_goes_to_the_server_that_it_is_known_to_belong_to tokens::the_token_of_the_job_is_for_the_gitlab_of_the_job_alone settings::tests::token::no_token_goes_to_a_server_that_only_a_git_remote_names explain::a_lookup_is_told_step_by_step",
    ),
    (
        30,
        "tokens::what_a_token_is_refused_for_is_said_with_a_way_out tokens::a_project_that_does_not_admit_the_job_token_is_explained",
    ),
    (
        31,
        "settings::tests::api::an_unusable_address_is_reported_without_its_text guarded::nobody_reads_a_netrc",
    ),
    (
        32,
        "tls::a_certificate_that_is_not_trusted_ends_the_run_at_once trigger_old::certificates_are_checked_unless_it_is_told_not_to",
    ),
    (
        33,
        "disk::tests::the_staging_is_for_its_owner_alone_and_a_spool_has_no_name disk::cache::tests::folder_and_files_are_open_to_their_owner_alone",
    ),
    (
        34,
        "archives_names::names_are_taken_as_they_are_or_not_at_all select::name::tests::hostile_names_are_refused_on_every_system",
    ),
    (
        35,
        "archives_names::names_are_taken_as_they_are_or_not_at_all select::name::tests::hostile_names_are_refused_on_every_system",
    ),
    (
        36,
        "archives_names::names_are_taken_as_they_are_or_not_at_all select::name::tests::honest_names_are_taken_on_every_system",
    ),
    (
        37,
        "archives_links::links_stay_inside_or_nothing_is_taken select::link::tests::a_link_that_leaves_or_never_ends_is_refused",
    ),
    (38, "archives_names::names_are_taken_as_they_are_or_not_at_all"),
    (
        39,
        "fetch_files::a_folder_of_ones_own_is_named_after_the_job_as_far_as_names_go guarded::the_name_of_a_report_is_no_path",
    ),
    (40, "archives_links::links_stay_inside_or_nothing_is_taken"),
    (
        41,
        "archives_links::links_stay_inside_or_nothing_is_taken fetch_archives::links_are_kept_left_out_copied_or_taken_as_they_are",
    ),
    (
        42,
        "archives_links::links_stay_inside_or_nothing_is_taken archives_large::memory_does_not_grow_with_what_an_archive_says_or_holds",
    ),
    (
        43,
        "fetch_files::the_destination_may_be_a_link_but_nothing_is_written_through_one_inside disk::tests::existing_symlinks_are_replaced_or_refused_and_never_followed guarded::a_hard_link_in_the_destination_is_replaced_and_not_written_into",
    ),
    (
        44,
        "archives_names::names_are_taken_as_they_are_or_not_at_all archive::tests::duplicate_entries_with_equal_contents_are_listed_once",
    ),
    (45, "archives_names::names_are_taken_as_they_are_or_not_at_all"),
    (
        46,
        "select::files::tests::names_that_differ_only_in_case_or_form_are_refused_where_they_are_one archives_names::names_are_taken_as_they_are_or_not_at_all",
    ),
    (
        47,
        "select::name::tests::names_that_windows_cannot_keep_are_refused_there_alone archives_names::names_are_taken_as_they_are_or_not_at_all",
    ),
    (
        48,
        "fetch_archives::modes_are_those_of_a_careful_program disk::tests::recorded_modes_apply_without_dangerous_bits",
    ),
    (
        49,
        "fetch_archives::devices_are_left_out_and_the_rest_is_taken archives_headers::headers_agree_or_nothing_is_taken",
    ),
    (
        50,
        "archives_headers::headers_agree_or_nothing_is_taken fetch_archives::modes_are_those_of_a_careful_program",
    ),
    (
        51,
        "archives_data::data_are_what_was_declared_or_nothing_is_taken fetch_archives::what_is_too_large_is_refused_before_it_is_unpacked archives_large::memory_does_not_grow_with_what_an_archive_says_or_holds",
    ),
    (
        52,
        "archives_data::data_are_what_was_declared_or_nothing_is_taken archives_headers::headers_agree_or_nothing_is_taken archives_ends::ends_tell_one_archive_or_nothing_is_taken archives_large::memory_does_not_grow_with_what_an_archive_says_or_holds",
    ),
    (
        53,
        "archives_headers::headers_agree_or_nothing_is_taken archives_data::data_are_what_was_declared_or_nothing_is_taken",
    ),
    (
        54,
        "archives_headers::headers_agree_or_nothing_is_taken archives_ends::ends_tell_one_archive_or_nothing_is_taken archive::eocd::tests::ambiguous_or_incomplete_end_records_are_refused",
    ),
    (
        55,
        "archives_ends::ends_tell_one_archive_or_nothing_is_taken archives_large::as_many_entries_as_two_bytes_can_count_and_more",
    ),
    (
        56,
        "archives_headers::headers_agree_or_nothing_is_taken archives_large::one_bad_entry_among_twenty_thousand_keeps_all_away",
    ),
    (
        57,
        "archives_data::data_are_what_was_declared_or_nothing_is_taken archives_large::one_bad_entry_among_twenty_thousand_keeps_all_away",
    ),
    (
        58,
        "archives_ends::ends_tell_one_archive_or_nothing_is_taken archive::tests::an_archive_truncated_at_any_byte_is_refused",
    ),
    (
        59,
        "fetch::the_files_of_the_runner_land_with_their_modes_and_links fetch::archives_of_every_writer_land archives_headers::headers_agree_or_nothing_is_taken",
    ),
    (60, "archives_names::names_are_taken_as_they_are_or_not_at_all"),
    (
        61,
        "archives_large::twenty_thousand_files_land_to_the_byte archives_large::memory_does_not_grow_with_what_an_archive_says_or_holds archives_names::names_are_taken_as_they_are_or_not_at_all",
    ),
    (
        62,
        "guarded::a_git_folder_is_taken_with_a_warning archives_ends::ends_tell_one_archive_or_nothing_is_taken",
    ),
    (
        63,
        "choose::hostile_names_are_escaped speech::names_from_a_server_cannot_act_on_a_terminal speech::names_from_an_archive_cannot_act_on_a_terminal sanitize::tests::what_acts_on_a_terminal_is_escaped_and_all_else_is_left_alone",
    ),
    (
        64,
        "speech::names_from_a_server_cannot_act_on_a_terminal ui::tree::tests::a_hostile_name_adds_no_line_and_no_control_to_the_picture",
    ),
    (
        65,
        "speech::a_ref_with_a_line_break_becomes_no_second_variable sanitize::tests::json_stays_the_same_json_with_nothing_in_it_that_acts",
    ),
    (
        66,
        "speech::colours_are_for_terminals_and_for_those_who_ask fetch_files::an_archive_is_not_poured_into_a_terminal cat::a_terminal_is_spared_what_is_no_text",
    ),
    (
        67,
        "speech::whoever_stops_reading_has_read_enough process::a_reader_that_goes_away_is_no_failure",
    ),
    (
        68,
        "disk::tests::a_failure_in_the_middle_is_rolled_back disk::tests::a_failed_rollback_keeps_and_names_the_backup extract::tests::one_damaged_entry_leaves_the_destination_unchanged",
    ),
    (
        69,
        "disk::free_space::only_data_that_certainly_does_not_fit_is_refused places::what_surely_does_not_fit_is_refused_before_it_is_unpacked places::an_archive_that_surely_does_not_fit_is_not_downloaded process::a_file_that_may_not_get_so_large_is_an_error_and_leaves_nothing fetch_files::a_folder_that_cannot_be_written_is_found_before_anything_is_asked extract::tests::a_write_error_is_reported_as_a_disk_error disks::a_disk_without_room_or_inodes_is_told_and_left_as_it_was disks::a_full_standard_output_is_named",
    ),
    (
        70,
        "places::a_folder_where_a_file_must_go_is_refused_and_so_is_the_other_way_round disk::tests::entries_of_another_kind_are_never_replaced",
    ),
    (
        71,
        "sync_disks::runs_at_the_same_time_make_one_tree disk::tests::sync::what_another_process_does_in_the_meantime_stays disk::tests::races::parallel_runs_into_one_destination_succeed_without_mixing_files disk::tests::races::a_file_created_between_plan_and_rename_leads_to_a_new_plan places::a_file_that_comes_while_the_archive_does_is_not_replaced_if_that_was_asked_for",
    ),
    (
        72,
        "disk::tests::races::a_directory_swapped_for_a_symlink_between_plan_and_rename_is_not_followed disk::tests::races::open_directories_are_used_even_if_their_paths_become_symlinks disk::tests::existing_symlinks_are_replaced_or_refused_and_never_followed",
    ),
    (
        73,
        "disk::tests::races::the_next_run_removes_stale_temporary_directories_only disk::tests::a_staging_that_is_dropped_leaves_nothing disk::tests::races::parallel_runs_never_remove_what_another_is_about_to_use",
    ),
    (
        74,
        "kills::a_run_killed_at_any_moment_leaves_nothing_that_the_next_does_not_mend kills::many_staged_files_are_gone_after_the_next_run_at_the_latest disk::tests::races::a_removal_ends_when_its_time_is_over_and_the_next_run_goes_on kills::a_request_to_end_leaves_nothing_and_says_so kills::a_hangup_ends_as_a_request_to_terminate_unless_it_is_ignored signals::a_signal_ends_a_stalled_download_soon_and_leaves_nothing_behind signals::a_signal_ends_a_wait_and_a_pause_between_tries signals::a_signal_ends_an_archive_that_is_unpacked_as_it_comes signals::what_a_killed_run_has_left_goes_away_with_the_next signals::a_signal_while_files_are_put_in_place_leaves_all_or_nothing interrupt::tests::a_signal_waits_until_a_new_path_is_tracked disk::tests::an_interrupted_run_commits_nothing choose_on_pty::a_signal_leaves_the_terminal_as_it_was",
    ),
    (
        75,
        "fetch_wait::pauses_grow_and_the_wait_ends_in_time fetch_wait::what_can_no_longer_succeed_ends_the_wait_at_once trigger::a_manual_job_stops_the_run_unless_it_is_told_what_to_do transport::the_nearer_of_two_limits_holds_to_the_second transport::a_silent_server_is_waited_for_no_longer_than_the_waiting_lasts",
    ),
    (
        76,
        "artifacts_api::delete_asks_on_a_terminal_and_wants_to_be_told_elsewhere trigger::a_redirect_is_not_followed_where_something_is_to_be_changed",
    ),
    (
        77,
        "advice::what_is_pasted_is_quoted shell::tests::a_word_stays_one_word gitlab::address::tests::what_cannot_be_called_is_refused",
    ),
    (
        78,
        "sync_delete::links_to_folders_are_removed_and_not_followed sync::what_is_of_another_kind_is_replaced disk::tests::sync::the_content_is_read_only_where_the_size_is_right_and_never_through_a_link",
    ),
    (
        79,
        "sync::a_failure_at_any_step_leaves_everything_as_it_was sync::another_archive_in_the_meantime_is_fetched_whole disk::tests::sync::a_failure_at_any_change_undoes_all_of_them",
    ),
    (
        81,
        "odd_disks::removed_files_that_live_on_while_they_are_open_keep_no_folder odd_disks::folders_that_cannot_be_renamed_are_made_and_filled odd_disks::a_sync_takes_folders_apart_that_cannot_be_renamed sync_disks::folders_of_a_lower_layer_are_replaced_and_removed odd_disks::times_that_cannot_be_set_are_one_warning odd_disks::links_that_cannot_be_made_become_copies_or_are_told odd_disks::modes_that_cannot_be_set_are_no_failure",
    ),
    (82, "odd_disks::errors_told_at_the_end_of_a_file_are_seen_before_anything_is_in_place"),
    (
        83,
        "disks::open_files_of_the_process_are_written_and_never_replaced disk::special_file::tests::what_leads_through_dev_or_proc_is_recognised disks::a_file_that_something_is_mounted_on_is_written_in_place",
    ),
    (
        84,
        "disks::a_volume_below_the_destination_takes_its_part disks::a_folder_mounted_twice_is_another_file_system_to_a_rename disks::a_read_only_folder_with_a_volume_that_can_be_written_takes_what_belongs_there disks::a_full_volume_below_the_destination_leaves_everything_as_it_was sync_disks::volumes_below_the_destination_become_equal_too sync_disks::a_folder_that_something_is_mounted_on_is_emptied_and_stays sync_disks::a_disk_that_becomes_full_leaves_everything_as_it_was",
    ),
    (
        85,
        "proves::no_pipeline_is_started_whose_results_cannot_be_kept proves::no_pipeline_is_started_that_nobody_could_watch proves::the_file_of_variables_is_proved_before_any_request proves::values_are_proved_before_files_are_in_place proves::a_token_that_cannot_watch_is_found_before_the_start",
    ),
    (
        86,
        "proves::links_of_two_runs_do_not_lead_out_together proves::links_do_not_lead_out_when_another_run_changes_what_they_lead_through select::disk_links::tests::a_link_is_judged_through_the_links_on_disk select::disk_links::tests::links_of_runs_that_do_not_see_each_other_stay_inside_together",
    ),
    (
        93,
        "proves::an_archive_makes_nothing_that_the_next_run_takes_for_the_folder_of_a_killed_one select::files::tests::unusual_but_harmless_entries_are_warned_of select::name::tests::a_job_becomes_a_folder_that_every_system_can_hold",
    ),
    (
        94,
        "cache::an_archive_writes_nothing_into_the_cache transfer::cache_guard::tests::only_what_changes_the_cache_is_left_out",
    ),
    (
        87,
        "disks::few_descriptors_suffice_and_none_are_told disks::whatever_the_number_of_descriptors_nothing_stays_and_the_limit_is_named disks::threads_that_cannot_be_started_are_told disks::a_deleted_working_folder_is_told_where_one_is_needed disk::tests::races::trees_of_any_depth_are_removed_with_few_descriptors interrupt::tests::a_removal_that_fails_is_told_once",
    ),
    (
        88,
        "sync_delete::folders_that_hold_more_than_artifacts_are_refused_before_anything_is_asked commands::delete_guard::tests::folders_that_hold_more_than_artifacts_are_refused sync_delete::where_a_job_is_missing_nothing_is_removed sync_delete::what_exclude_names_and_what_an_archive_holds_stays",
    ),
    (
        90,
        "odd_disks::what_is_durable_is_synced_before_it_is_in_place disks::durable_files_and_folders_are_the_same_files",
    ),
    (91, "process::a_variable_that_is_no_text_is_an_error_that_names_it"),
    (92, "tls::a_client_certificate_goes_to_the_api_alone"),
    (89, "checkout::nothing_that_the_configuration_names_is_run"),
];
