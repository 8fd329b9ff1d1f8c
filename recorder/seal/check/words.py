"""What a check can find, in Chinese and English."""

AUTHENTIC, PARTS_MISSING = "authentic", "authentic_parts_missing"
NOT_SIGNED, NOT_AUTHENTIC = "not_signed", "not_authentic"

VERDICTS = {
    AUTHENTIC: ("真实", "authentic"),
    PARTS_MISSING: ("真实，但有缺失", "authentic, but parts are missing"),
    NOT_SIGNED: ("未签名", "not signed"),
    NOT_AUTHENTIC: ("不真实", "not authentic"),
}

FALSE, UNSIGNED, MISSING, NOTE = "false", "unsigned", "missing", "note"
"""How a finding weighs: each of the first three forbids a better verdict; a note forbids none."""

FINDINGS = {
    "not_a_file": (FALSE, "链接或特殊文件", "a link or special file"),
    "path_unsafe": (FALSE, "路径不安全", "a path that leads elsewhere"),
    "path_twice": (FALSE, "同名文件重复", "a name that is there twice"),
    "encrypted": (FALSE, "条目已加密，无法核验", "an encrypted entry, which cannot be checked"),
    "locked": (
        UNSIGNED,
        "案卷已加密：请先用密码解压，再核验其中的 ZIP",
        "the case file is encrypted: unpack it with its password, then check the ZIP inside",
    ),
    "stray_bytes": (FALSE, "压缩包内有不属于任何文件的字节", "bytes that belong to no file"),
    "container": (FALSE, "无法打开", "cannot be opened"),
    "no_manifest": (UNSIGNED, "没有封存清单", "there is no manifest"),
    "old_manifest": (UNSIGNED, "旧版清单，没有签名", "a manifest of the time before signatures"),
    "no_signature": (UNSIGNED, "清单没有签名", "the manifest is not signed"),
    "manifest_bad": (FALSE, "封存清单已损坏或被改动", "the manifest was damaged or changed"),
    "signature_missing": (FALSE, "清单所列签名缺失", "a signature that the manifest names is gone"),
    "signature_bad": (FALSE, "签名不符", "the signature does not hold"),
    "key_missing": (FALSE, "签名者证书缺失", "the signer's certificate is gone"),
    "key_swapped": (FALSE, "证书被替换", "another certificate than the manifest names"),
    "key_out_of_time": (FALSE, "封存时证书不在有效期", "certificate was not valid when sealing"),
    "signer_stranger": (FALSE, "签名者不在所信任之列", "the signer is none of those trusted"),
    "file_missing": (MISSING, "文件缺失", "missing"),
    "file_out_of_reach": (
        MISSING,
        "存放在别处，此刻取不到",
        "lies elsewhere and cannot be had now",
    ),
    "file_changed": (FALSE, "文件被改动", "changed"),
    "file_extra": (FALSE, "清单之外的文件", "was never sealed"),
    "times_reversed": (FALSE, "起止时间颠倒", "ends before it begins"),
    "parent_missing": (MISSING, "派生文件的原件不在其中", "what it was derived from is not here"),
    "custody_bad": (FALSE, "保管链断裂", "the chain of custody is broken"),
    "custody_missing": (FALSE, "保管链缺失", "the chain of custody is gone"),
    "custody_cut": (FALSE, "保管链中没有该文件的封存记录", "custody does not tell of its sealing"),
    "custody_clock": (NOTE, "时钟曾回拨", "the clock went back"),
    "stamp_bad": (FALSE, "可信时间戳不符", "the time-stamp does not hold"),
    "stamp_stranger": (
        FALSE,
        "时间戳机构不在所信任之列",
        "the time-stamp's authority is not trusted",
    ),
    "stamp_early": (NOTE, "时间戳早于站点时钟，站点时钟偏快", "the site's clock ran ahead"),
    "stamp_none": (NOTE, "没有可信时间戳", "there is no trusted time-stamp"),
    "log_bad": (FALSE, "日志证明不符", "the proof of the site's log does not hold"),
    "log_stranger": (NOTE, "日志由未信任的密钥签名", "the log is signed by a key not trusted"),
    "log_none": (NOTE, "没有日志证明", "there is no proof of the site's log"),
    "log_absent": (MISSING, "站点日志中没有此记录", "the site's log does not hold it"),
    "log_unreadable": (NOTE, "站点日志无法读取", "the site's log cannot be read"),
    "log_newer": (
        FALSE,
        "站点日志中有更新的版本，此处被退回旧版",
        "the site's log holds a newer one: put back to an older state",
    ),
    "copy_older": (
        NOTE,
        "更新的清单或保管链尚未存到该处",
        "newer manifests or events are not stored there yet",
    ),
    "sm3_unchecked": (NOTE, "本机无 SM3，仅核验 SHA-256", "SM3 could not be computed here"),
}

STANDING_WORDS = {
    "lead": (
        "性质：线索。未经法制审核和技术审核，不得作为行政处罚的证据（行政处罚法第四十一条）。",
        "Standing: a lead. Not legally and technically reviewed, so no evidence for a penalty.",
    ),
    "evidence": (
        "性质：证据。已通过法制审核和技术审核，见《审核记录》。",
        "Standing: evidence. Passed legal and technical review, see the record of review.",
    ),
}

LIMITS_ZH = (
    "封存只证明：文件自封存起未被改动、由该密钥签名。不证明：画面内容真实、摄像机在封存之前未被操纵、"
    "私钥未被他人使用、站点时钟准确（以可信时间戳为准）。"
)
LIMITS_EN = (
    "The seal proves that nothing was changed since sealing, and which key signed. It does not "
    "prove that what the camera showed was real, that nothing was tampered with before sealing, "
    "that nobody else used the key, or that the site's clock was right (a time-stamp does)."
)
