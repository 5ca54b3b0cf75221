import { PlusOutlined } from '@ant-design/icons'
import { App, Button } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Refused, upload } from '../api/client'
import { problemText } from './problem'
import { pictureUrl } from './show'

type Props = {
  kind: 'logo' | 'main' | 'brand'
  max: number
  id?: string
  disabled?: boolean
  value?: string[]
  onChange?: (ids: string[]) => void
}

/** Pictures of a form: sent at once, shown small, moved and removed; what the server refuses is said here. */
export function Pictures({ kind, max, id, disabled, value = [], onChange }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const input = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const take = async (files: FileList | null) => {
    const file = files?.[0]
    if (!file) return
    setBusy(true)
    try {
      const sent = await upload(`/api/v1/pictures?kind=${kind}`, file)
      if (sent.id && !value.includes(sent.id)) onChange?.([...value, sent.id])
    } catch (e) {
      message.error(e instanceof Refused ? problemText(t, e.problem) : t('problem.network'), 8)
    }
    if (input.current) input.current.value = ''
    setBusy(false)
  }
  const forward = (i: number) =>
    onChange?.(value.map((v, j) => (j === i - 1 ? (value[i] ?? v) : j === i ? (value[i - 1] ?? v) : v)))
  return (
    <div className="thumbs" style={{ alignItems: 'flex-start' }}>
      {value.map((v, i) => (
        <div key={v} style={{ display: 'flex', flexDirection: 'column', gap: 4 }}>
          <img
            src={pictureUrl(v)}
            alt={t('picture.alt', { n: i + 1 })}
            style={{ width: kind === 'logo' ? 63 : 112, height: 'auto' }}
          />
          {i > 0 && (
            <Button size="small" disabled={disabled} onClick={() => forward(i)}>
              {t('picture.forward')}
            </Button>
          )}
          <Button size="small" disabled={disabled} onClick={() => onChange?.(value.filter((x) => x !== v))}>
            {t('action.remove')}
          </Button>
        </div>
      ))}
      <input
        ref={input}
        id={id}
        type="file"
        accept={kind === 'main' ? 'image/png,image/jpeg,image/gif' : 'image/png,image/jpeg'}
        style={{ display: 'none' }}
        onChange={(e) => void take(e.target.files)}
      />
      {value.length < max && (
        <Button icon={<PlusOutlined />} loading={busy} disabled={disabled} onClick={() => input.current?.click()}>
          {t('picture.add')}
        </Button>
      )}
    </div>
  )
}

/** One picture of a form. */
export const OnePicture = ({
  value,
  onChange,
  ...rest
}: Omit<Props, 'max' | 'value' | 'onChange'> & { value?: string | null; onChange?: (id?: string) => void }) => (
  <Pictures {...rest} max={1} value={value ? [value] : []} onChange={(ids) => onChange?.(ids[0])} />
)
